"""The first samples of a batch, as copies on the host that a draw may do anything with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch

from triptych.batches import one_each


def take(value: Any, samples: int, total: int | None) -> Any:
    """A copy of the first samples, detached and on the host.

    Args:
        value: A batch or what came out of it.
        samples: How many to take.
        total: How many the batch holds; tensors and lists of that length are cut. None: nothing.
    """
    if isinstance(value, torch.Tensor):
        if value.ndim and len(value) == total:
            value = value[:samples]
        return value.detach().to("cpu", copy=True)
    if isinstance(value, Mapping):
        return {key: take(item, samples, total) for key, item in value.items()}
    if isinstance(value, list | tuple):
        items = value[:samples] if one_each(value) and len(value) == total else value
        taken = [take(item, samples, total) for item in items]
        if hasattr(value, "_fields"):  # a named tuple
            return type(value)(*taken)
        return tuple(taken) if isinstance(value, tuple) else taken
    return value


def tensors(value: Any) -> Iterator[torch.Tensor]:
    """All tensors in nested mappings, lists and tuples, in order."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tensors(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from tensors(item)
