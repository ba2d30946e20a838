"""Plain numbers, and the short way to one for what holds a number on the host."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

PLAIN = frozenset({float, int, bool})
"""The exact types that go straight into a column; everything else takes the slower door."""


def on_host(values: Iterable[Any]) -> list[float] | None:
    """The values with plain numbers in the places of numpy scalars and CPU tensors.

    Returns:
        None if there is something among them that takes more than one look: `own` sorts that.
    """
    found = []
    for value in values:
        kind: Any = type(value)
        if kind in PLAIN:
            found.append(value)
            continue
        read = _reader(kind)
        number = read(value) if read is not None else None
        if type(number) not in PLAIN:
            return None
        found.append(number)
    return found


@lru_cache
def _reader(kind: Any) -> Callable[[Any], Any] | None:
    """What reads a number from a value of this type."""
    torch: Any = sys.modules.get("torch")
    if kind is getattr(torch, "Tensor", None):
        return _read_tensor
    numpy: Any = sys.modules.get("numpy")
    if numpy is None or not issubclass(kind, numpy.generic):
        return None
    return float if numpy.dtype(kind).kind in "fiub" else None


def _read_tensor(tensor: Any) -> Any:
    try:
        return tensor.item() if tensor.is_cpu else None
    except RuntimeError:  # it has many elements, or cannot be read inside torch.func
        return None
