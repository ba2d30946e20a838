"""The first samples of a batch, as copies on the host that a draw may do anything with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch


def count_samples(batch: Any) -> int | None:
    """How many samples a batch holds; None where its shape does not say.

    Args:
        batch: Tensors with the samples along their first axis, in nested mappings, lists and
            tuples; or a list with one mapping, picture or text for each sample.
    """
    if isinstance(batch, torch.Tensor):
        return len(batch) if batch.ndim else None
    if isinstance(batch, Mapping):
        items = list(batch.values())
    elif _one_each(batch):
        return len(batch)
    elif isinstance(batch, list | tuple):
        items = list(batch)
    else:
        return None
    counts = (count_samples(item) for item in items)
    return next((count for count in counts if count is not None), None)


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
        items = value[:samples] if _one_each(value) and len(value) == total else value
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


def _one_each(value: Any) -> bool:
    """Whether a sequence has one element per sample, rather than one per field of the batch."""
    if not isinstance(value, list | tuple) or not value:
        return False
    return (
        all(isinstance(item, str) for item in value)
        or all(isinstance(item, Mapping) for item in value)
        or all(isinstance(item, torch.Tensor) and _is_picture(item) for item in value)
    )


def _is_picture(tensor: torch.Tensor) -> bool:
    return tensor.ndim == 3 and len(tensor) in (1, 3, 4)  # noqa: PLR2004  # (C, H, W)
