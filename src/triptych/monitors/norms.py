"""Norms of many tensors at once, without waiting for their device.

torch is here what the caller's tensors come from: it is looked up, never imported.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

MOST_GROUPS = 16  # lines that one chart can hold

_HALF = 2  # bytes: norms of such numbers would overflow in their own precision


def norms(tensors: Sequence[Any]) -> Any:
    """The Euclidean norm of each tensor: (N,) in single precision or better, on their device.

    One fused call, as in `torch.nn.utils.get_total_norm`. Of a sharded tensor the part of this
    process counts: the whole would need the other processes, which are not asked.

    Args:
        tensors: At least one; on another device than the first is brought there.
    """
    torch = sys.modules["torch"]
    with torch.no_grad():
        parts = [_part(tensor) for tensor in tensors]
        wider = torch.float32 if any(part.itemsize <= _HALF for part in parts) else None
        found = torch._foreach_norm(parts, 2, dtype=wider)  # noqa: SLF001  # its only name
        device = found[0].device
        return torch.stack([norm.to(device, non_blocking=True) for norm in found])


def total(vector: Any) -> Any:
    """The norm of all tensors together, from their norms: 0-dimensional, on the same device."""
    return sys.modules["torch"].linalg.vector_norm(vector)


class Groups:
    """Parameters by the modules that hold them, as deep as a chart has room for.

    Args:
        names: Of the parameters, such as "encoder.layer.3.weight".

    Attributes:
        names: Of the modules, in the order of the model.
    """

    def __init__(self, names: Iterable[str]) -> None:
        modules = [name.rpartition(".")[0] or name for name in names]
        deepest = max((module.count(".") + 1 for module in modules), default=1)
        self._of = _cut(modules, 1)
        for depth in range(2, deepest + 1):
            finer = _cut(modules, depth)
            if len(set(finer)) > MOST_GROUPS:
                break
            self._of = finer
        self.names = list(dict.fromkeys(self._of))
        self._index: Any = None

    def norms(self, vector: Any) -> dict[str, Any]:
        """The norm of each module, 0-dimensional on the device, from those of its parameters.

        Args:
            vector: (N,) norms of the parameters, in the order of the names.
        """
        torch = sys.modules["torch"]
        if self._index is None or self._index.device != vector.device:
            places = {name: place for place, name in enumerate(self.names)}
            order = [places[name] for name in self._of]
            self._index = torch.tensor(order, device=vector.device)
        squares = torch.zeros(len(self.names), dtype=vector.dtype, device=vector.device)
        squares.index_add_(0, self._index, vector.square())
        return dict(zip(self.names, squares.sqrt_().unbind(), strict=True))


def _cut(modules: list[str], depth: int) -> list[str]:
    return [".".join(module.split(".")[:depth]) for module in modules]


def _part(tensor: Any) -> Any:
    tensor = tensor.to_local() if hasattr(tensor, "to_local") else tensor
    return tensor.coalesce().values() if tensor.is_sparse else tensor
