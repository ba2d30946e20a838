"""A graph is copied when it is built, and its edges join nodes that are there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from triptych.visuals import Graph


@pytest.mark.parametrize(
    ("nodes", "edges"),
    [
        (3, [(0, 1), (1, 2)]),
        ([0, 1, 2], np.array([[0, 1], [1, 2]])),
        (torch.arange(3), torch.tensor([[0, 1], [1, 2]]).T.T),
        (["0", "1", "2"], [("0", "1"), ["1", "2"]]),
    ],
    ids=["count", "numpy", "torch", "strings"],
)
def test_nodes_and_edges_come_in_many_forms(nodes: Any, edges: Any) -> None:
    """A count, ids as integers or strings; pairs, arrays, tensors."""
    graph = Graph(nodes, edges)
    assert graph.nodes == ("0", "1", "2")
    assert graph.edges == (("0", "1"), ("1", "2"))


def test_what_was_passed_may_change_afterwards() -> None:
    """Positions and class ids are ours."""
    positions, ids = np.zeros((2, 2)), torch.zeros(2, dtype=torch.int64)
    graph = Graph(2, [], positions=positions, class_ids=ids, classes=["a"])
    positions += 1
    ids += 1
    assert graph.positions is not None
    assert graph.class_ids is not None
    assert not graph.positions.any()
    assert not graph.class_ids.any()
    assert graph.own() is graph
    assert graph.nbytes == 2 + 2 * 2 * 4 + 2 * 2


@pytest.mark.parametrize(
    ("nodes", "edges", "arguments", "error", "message"),
    [
        (["a", "a"], [], {}, ValueError, "nodes hold 'a' twice"),
        (2, [(0, 2)], {}, ValueError, "an edge has the node '2', which is not among the nodes"),
        (3, torch.zeros(2, 3), {}, ValueError, "an edge_index of shape"),
        (3, [0, 1], {}, ValueError, "an edge is 0: pass pairs of node ids"),
        ([0.5], [], {}, TypeError, "a node is called 0.5: pass integers or strings"),
        (2, [], {"labels": ["a"]}, ValueError, "there are 1 labels for 2"),
        (2, [], {"positions": [[0, 0]]}, ValueError, r"for each node, \(2, 2\)"),
        (1, [], {"positions": [[0, np.nan]]}, ValueError, "pass finite x and y"),
    ],
)
def test_what_does_not_fit_is_told(
    nodes: Any, edges: Any, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    """Wrong arguments raise at once, where they were written."""
    with pytest.raises(error, match=message):
        Graph(nodes, edges, **arguments)
