"""How many samples a batch holds, whatever its shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def count_samples(batch: Any) -> int | None:
    """How many samples a batch holds; None where its shape does not say.

    Args:
        batch: Tensors or arrays with the samples along their first axis, in nested mappings, lists
            and tuples; or a list with one mapping, picture or text for each sample.
    """
    items: Iterable[Any]
    if isinstance(batch, (list, tuple)):
        if one_each(batch):
            return len(batch)
        items = batch
    elif is_array(batch):
        return int(batch.shape[0]) if batch.ndim else None  # len() of a tensor takes far longer
    elif isinstance(batch, Mapping):
        items = batch.values()
    else:
        return None
    for item in items:
        count = count_samples(item)
        if count is not None:
            return count
    return None


def one_each(value: Any) -> bool:
    """Whether a sequence has one element per sample, rather than one per field of the batch."""
    if not isinstance(value, (list, tuple)) or not value:
        return False
    first = value[0]  # most batches are known by it
    if is_array(first):
        return _is_picture(first) and all(is_array(item) and _is_picture(item) for item in value)
    kind = next((kind for kind in (str, Mapping) if isinstance(first, kind)), None)
    return kind is not None and all(isinstance(item, kind) for item in value)


def is_array(value: Any) -> bool:
    """Whether it is a tensor or an array; nothing is imported to find out."""
    return hasattr(value, "ndim") and hasattr(value, "shape")


def _is_picture(array: Any) -> bool:
    return array.ndim == 3 and len(array) in (1, 3, 4)  # noqa: PLR2004  # (C, H, W)
