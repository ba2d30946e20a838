"""Nodes and the edges between them: a computation, a molecule, a graph that a network reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from triptych.visuals.annotations import read_classes
from triptych.visuals.arrays import host_array, is_tensor, nbytes, numbers
from triptych.visuals.instances import as_class_ids, read_names, take_class_ids
from triptych.visuals.visual import set_fields


@dataclass(frozen=True, slots=True, init=False, eq=False)
class Graph:
    """A graph; it is small, so it is copied to the host and checked when it is built.

    Attributes:
        nodes: The ids of the N nodes, as strings.
        edges: E pairs of ids, from and to.
        labels: N names to write at the nodes, or None for their ids.
        positions: float32 (N, 2), x to the right and y down, or None where each panel finds places.
        directed: Whether edges have arrow heads.
        class_ids: uint16 (N,), which give the nodes' colours, or None.
        classes: Names of the class ids; empty when none were given.
    """

    nodes: tuple[str, ...]
    edges: tuple[tuple[str, str], ...] = field(repr=False)
    labels: tuple[str, ...] | None = field(repr=False)
    positions: npt.NDArray[np.float32] | None = field(repr=False)
    directed: bool
    class_ids: npt.NDArray[np.uint16] | None = field(repr=False)
    classes: dict[int, str]

    def __init__(
        self,
        nodes: Any,
        edges: Any,
        labels: Sequence[str] | None = None,
        positions: Any = None,
        *,
        directed: bool = True,
        class_ids: Any = None,
        classes: Mapping[int, str] | Sequence[str] | None = None,
    ) -> None:
        """Copy and check the graph.

        Args:
            nodes: How many there are, counted from 0; or their ids, integers or strings.
            edges: (E, 2) pairs of ids, from and to; an array, tensor or sequence of pairs. E may
                be 0.
            labels: A name for each node.
            positions: (N, 2) finite numbers, x to the right and y down; each panel scales them.
            directed: Whether an edge leads from its first node to its second.
            class_ids: (N,) integers in 0 to 65535.
            classes: Names of the class ids: {id: name}, or a sequence where the position is the id.

        Raises:
            TypeError: Ids that are neither integers nor strings.
            ValueError: An id that is there twice, an edge with a node that is not there, a wrong
                shape, or a position that is not finite.
        """
        ids = tuple(str(one) for one in (range(nodes) if isinstance(nodes, int) else _ids(nodes)))
        known = set(ids)
        if len(known) < len(ids):
            twice = next(one for one in ids if ids.count(one) > 1)
            raise ValueError(f"nodes hold {twice!r} twice: give each an id, and labels for names.")
        pairs = tuple(_pair(edge) for edge in _listed(edges))
        unknown = next((one for pair in pairs for one in pair if one not in known), None)
        if unknown is not None:
            raise ValueError(f"an edge has the node {unknown!r}, which is not among the nodes.")
        if positions is not None:
            positions = numbers(positions, "positions").astype(np.float32)
            if positions.shape != (len(ids), 2) or not np.isfinite(positions).all():
                raise ValueError(
                    f"positions of shape {positions.shape} do not fit: pass finite x and y for "
                    f"each node, ({len(ids)}, 2)."
                )
        if class_ids is not None:
            class_ids = as_class_ids(take_class_ids(class_ids, len(ids)))
        set_fields(
            self,
            nodes=ids,
            edges=pairs,
            labels=None if labels is None else read_names(labels, len(ids)),
            positions=positions,
            directed=directed,
            class_ids=class_ids,
            classes={} if classes is None else read_classes(classes),
        )

    @property
    def nbytes(self) -> int:
        """Bytes held by ids, names and positions, roughly."""
        letters = sum(map(len, (*self.nodes, *(self.labels or ()))))
        return letters + 16 * len(self.edges) + nbytes(self.positions, self.class_ids)

    def own(self) -> Self:
        """Everything was copied when the graph was built."""
        return self


def _listed(value: Any) -> list[Any]:
    if is_tensor(value) or isinstance(value, np.ndarray):
        listed: list[Any] = host_array(value).tolist()
        return listed
    return list(value)


def _ids(value: Any) -> list[int | str]:
    found = _listed(value)
    wrong = next((one for one in found if not isinstance(one, int | str)), None)
    if wrong is not None:
        raise TypeError(f"a node is called {wrong!r}: pass integers or strings.")
    return found


def _pair(edge: Any) -> tuple[str, str]:
    try:
        first, second = _ids(edge)
    except (TypeError, ValueError):
        raise ValueError(
            f"an edge is {edge!r}: pass pairs of node ids, (E, 2); an edge_index of shape (2, E) "
            f"as edge_index.T."
        ) from None
    return str(first), str(second)
