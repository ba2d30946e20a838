"""Ready-made draws, found by the shape of a batch and of what a model made of it.

A draw is a function `draw(batch, outputs, model) -> {path: visual}`. Those made here give paths
below "samples/0", "samples/1", …, one place for each sample; the caller puts the phase before them.
Torch is not imported: tensors and numpy arrays are told by their shape and dtype.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy.typing as npt

from triptych.visuals import Visual, detection, segmentation
from triptych.visuals.arrays import host_array
from triptych.visuals.normalised import picture, spread
from triptych.visuals.predictions import class_caption

Draw = Callable[[Any, Any, Any], Mapping[str, Visual]]
"""Takes the batch, the outputs and the model; gives paths and visuals."""

_CHANNELS = (1, 3, 4)


def find_draw(batch: Any, outputs: Any) -> Draw | None:
    """Find the draw that suits a batch and what came out of it.

    Outputs may be missing, or be the loss alone: then only the pictures and their targets are
    drawn.

    Args:
        batch: Nested mappings and sequences, in which pictures are (N, C, H, W), or a list of
            (C, H, W) for detection. Beside them integer labels (N,), integer masks (N, H, W) or
            (N, 1, H, W), or a list of torchvision's {"boxes": (K, 4), "labels": (K,)}.
        outputs: Scores (N, K) or predicted ids (N,); scores (N, K, H, W) or ids (N, H, W); or a
            list of {"boxes", "labels", "scores"}; anywhere in nested mappings and sequences.

    Returns:
        `draw_classes`, `draw_masks` or `draw_boxes`; None if the shapes say nothing.
    """
    if _find_boxes(batch) is not None or _find_boxes(outputs) is not None:
        return draw_boxes if _find_pictures(batch) is not None else None
    pictures = _find_pictures(batch)
    if pictures is None:
        return None
    if _find_ids(batch, pictures, per_pixel=True) is not None:
        return draw_masks
    if _find_ids(batch, pictures, per_pixel=False) is not None:
        return draw_classes
    scores = _find_scores(outputs, pictures)
    if scores is None:
        return None
    return draw_classes if scores.ndim == 2 else draw_masks  # noqa: PLR2004  # (N, K)


def draw_classes(batch: Any, outputs: Any, model: Any) -> dict[str, Visual]:  # noqa: ARG001
    """Classification: each picture with its label and the three likeliest classes."""
    pictures = _find_pictures(batch)
    if pictures is None:
        return {}
    labels = _find_ids(batch, pictures, per_pixel=False)
    scores = _find_scores(outputs, pictures)
    if scores is None or scores.ndim != 2:  # noqa: PLR2004  # (N, K)
        scores = _find_ids(outputs, pictures, per_pixel=False)
    drawn: dict[str, Visual] = {}
    value_range = spread(pictures)
    for place, pixels in enumerate(pictures):
        label = None if labels is None else labels[place]
        words = class_caption({}, label, None if scores is None else scores[place])
        drawn[f"samples/{place}"] = picture(
            pixels, caption=words, layout="CHW", value_range=value_range
        )
    return drawn


def draw_masks(batch: Any, outputs: Any, model: Any) -> dict[str, Visual]:  # noqa: ARG001
    """Segmentation: the target over each picture, the predicted mask, and where they differ."""
    pictures = _find_pictures(batch)
    if pictures is None:
        return {}
    targets = _find_ids(batch, pictures, per_pixel=True)
    scores = _find_scores(outputs, pictures)
    if scores is None or scores.ndim != 4:  # noqa: PLR2004  # (N, K, H, W)
        scores = _find_ids(outputs, pictures, per_pixel=True)
    drawn: dict[str, Visual] = {}
    value_range = spread(pictures)
    for place, pixels in enumerate(pictures):
        shown = segmentation(
            pixels,
            None if targets is None else targets[place],
            None if scores is None else scores[place],
            layout="CHW",
            value_range=value_range,
        )
        drawn |= {f"samples/{place}/{name}": visual for name, visual in shown.items()}
    return drawn


def draw_boxes(batch: Any, outputs: Any, model: Any) -> dict[str, Visual]:  # noqa: ARG001
    """Detection: the target's boxes on each picture, and the predicted ones beside it."""
    pictures = _find_pictures(batch)
    if pictures is None:
        return {}
    targets, found = _find_boxes(batch) or (), _find_boxes(outputs) or ()
    drawn: dict[str, Visual] = {}
    value_range = spread(pictures)
    for place, pixels in enumerate(pictures):
        shown = detection(
            pixels,
            targets[place] if place < len(targets) else None,
            found[place] if place < len(found) else None,
            layout="CHW",
            value_range=value_range,
        )
        drawn |= {f"samples/{place}/{name}": visual for name, visual in shown.items()}
    return drawn


def has_predictions(batch: Any, outputs: Any) -> bool:
    """Whether outputs hold more than a loss, as far as a draw of this module can see."""
    pictures = _find_pictures(batch)
    if pictures is None:
        return True
    return (
        _find_boxes(outputs) is not None
        or _find_scores(outputs, pictures) is not None
        or _find_ids(outputs, pictures, per_pixel=False) is not None
        or _find_ids(outputs, pictures, per_pixel=True) is not None
    )


def _leaves(value: Any) -> Iterator[npt.NDArray[Any]]:
    """All tensors and arrays in a nest of mappings and sequences, in order."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for item in value:
            yield from _leaves(item)
    elif hasattr(value, "shape") and hasattr(value, "dtype"):
        array = host_array(value)
        if array.dtype.kind in "biuf":
            yield array


def _find_pictures(batch: Any) -> list[npt.NDArray[Any]] | None:
    leaves = list(_leaves(batch))
    for array in leaves:
        if array.ndim == 4 and array.shape[1] in _CHANNELS and len(array):  # noqa: PLR2004
            return list(array)
    singles = [array for array in leaves if _is_picture(array)]
    return singles or None


def _is_picture(array: npt.NDArray[Any]) -> bool:
    channels_first = array.ndim == 3 and array.shape[0] in _CHANNELS  # noqa: PLR2004
    return channels_first and array.dtype.kind in "fu"


def _find_ids(
    nest: Any, pictures: Sequence[npt.NDArray[Any]], *, per_pixel: bool
) -> npt.NDArray[Any] | None:
    """Integers for each picture, (N,), or for each of its pixels, (N, H, W)."""
    size = pictures[0].shape[1:]
    for array in _leaves(nest):
        if array.dtype.kind not in "biu" or array.shape[:1] != (len(pictures),):
            continue
        if per_pixel and array.shape[1:] in (size, (1, *size)):
            return array.reshape(len(array), *size)
        if not per_pixel and array.shape[1:] in ((), (1,)):
            return array.reshape(-1)
    return None


def _find_scores(outputs: Any, pictures: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any] | None:
    """Floats for each class, (N, K), or for each class and pixel, (N, K, H, W)."""
    size = pictures[0].shape[1:]
    for array in _leaves(outputs):
        if array.dtype.kind != "f" or array.shape[:1] != (len(pictures),):
            continue
        per_picture = array.ndim == 2 and array.shape[1] > 1  # noqa: PLR2004  # (N, K)
        if per_picture or array.shape[2:] == size:
            return array
    return None


def _find_boxes(nest: Any) -> list[Mapping[str, Any]] | None:
    """A list of mappings that hold "boxes", wherever it is."""
    if isinstance(nest, Mapping):
        items: Any = nest.values()
    elif isinstance(nest, Sequence) and not isinstance(nest, str | bytes):
        if nest and all(isinstance(item, Mapping) and "boxes" in item for item in nest):
            return list(nest)
        items = nest
    else:
        return None
    return next((found for item in items if (found := _find_boxes(item)) is not None), None)
