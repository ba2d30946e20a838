"""Which values are numbers as they are, and the short way for those that nearly are."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

PLAIN = frozenset({float, int, bool})
"""The exact types that go straight into a column; everything else takes the slower door."""


def on_host(values: Iterable[Any]) -> list[Any]:
    """Numpy scalars and CPU tensors as plain numbers, the others as they are.

    Whatever takes more than one look stays, for `own` to sort.
    """
    tensor = getattr(sys.modules.get("torch"), "Tensor", None)
    return [_plain(value, tensor) for value in values]


def _plain(value: Any, tensor: type | None) -> Any:
    kind: type = type(value)
    if kind is tensor and value.is_cpu:
        try:
            return value.item()
        except RuntimeError:  # it has many elements, or cannot be read inside torch.func
            return value
    return float(value) if _is_numpy_number(kind) else value


@lru_cache
def _is_numpy_number(kind: type) -> bool:
    numpy: Any = sys.modules.get("numpy")
    if numpy is None or not issubclass(kind, numpy.generic):
        return False
    return numpy.dtype(kind).kind in "fiub"
