"""What is drawn on a picture: boxes, a mask, keypoints and the names of classes, in one form each.

Annotations are small, so they are copied to the host and checked when the picture is built.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from triptych.visuals.arrays import host_array, nbytes, numbers

_MAX_CLASS_ID = 65535
# What torchvision puts into the same mapping: known, and drawn by other arguments or not at all.
_BESIDE_BOXES = {"area", "image_id", "iscrowd", "keypoints", "keypoints_scores", "masks"}


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """Rectangles on a picture, in pixels from its upper left corner.

    Attributes:
        xyxy: float32 (N, 4), finite: x_min, y_min, x_max, y_max; may lie beyond the picture.
        class_ids: Integer ids (N,) in 0 to 65535, if the boxes came with ids.
        labels: N names, if the boxes came with names.
        scores: float32 (N,), if the boxes came with scores.
    """

    xyxy: npt.NDArray[np.float32]
    class_ids: npt.NDArray[np.uint16] | None = None
    labels: tuple[str, ...] | None = None
    scores: npt.NDArray[np.float32] | None = None

    @property
    def nbytes(self) -> int:
        """Bytes held by the arrays."""
        return nbytes(self.xyxy, self.class_ids, self.scores)

    def captions(self, classes: Mapping[int, str]) -> tuple[str, ...] | None:
        """What is written at each box: its name, or that of its class, and its score.

        Args:
            classes: Names of the class ids.

        Returns:
            N words, or None where there is nothing to write.
        """
        names = self.labels
        if names is None and self.class_ids is not None:
            names = tuple(classes.get(key, str(key)) for key in self.class_ids.tolist())
        if self.scores is None:
            return names
        scores = [f"{score:.2f}" for score in self.scores.tolist()]
        words = zip(names or [""] * len(scores), scores, strict=True)
        return tuple(" ".join(filter(None, pair)) for pair in words)


def read_boxes(boxes: Any) -> Boxes:
    """Read boxes from an array or from a mapping as torchvision's detectors return it.

    Args:
        boxes: (N, 4) numbers, two opposite corners; or {"boxes": (N, 4), "labels": N ids or N
            names, "scores": (N,)}, of which only "boxes" must be there. N may be 0.

    Raises:
        TypeError: Not numbers; labels neither ids nor names.
        ValueError: A wrong shape or length, an unknown key, or a number which is not finite.
    """
    if isinstance(boxes, Boxes):
        return boxes
    if not isinstance(boxes, Mapping):
        return Boxes(_corners(boxes, "boxes"))
    unknown = sorted(map(str, boxes.keys() - _BESIDE_BOXES - {"boxes", "labels", "scores"}))
    if unknown or "boxes" not in boxes:
        raise ValueError(
            f"boxes with the keys {sorted(map(str, boxes))} cannot be read: pass "
            f'{{"boxes": (N, 4), "labels": (N,), "scores": (N,)}}, the last two if you have them.'
        )
    xyxy = _corners(boxes["boxes"], 'boxes["boxes"]')
    class_ids, labels = _read_labels(boxes.get("labels"), len(xyxy))
    scores = boxes.get("scores")
    if scores is not None:
        scores = _finite(scores, 'boxes["scores"]').reshape(-1)
        _check_length(len(scores), len(xyxy), "scores")
    return Boxes(xyxy, class_ids, labels, scores)


def read_keypoints(keypoints: Any) -> npt.NDArray[np.float32]:
    """Read the points of one or of several objects.

    Args:
        keypoints: x and y in pixels, (K, 2) or (N, K, 2). K and N may be 0.

    Returns:
        All points, float32 (M, 2).

    Raises:
        TypeError: Not numbers.
        ValueError: A wrong shape, or a number which is not finite.
    """
    return _points(keypoints, 2, "keypoints", "x, y", nested=True)


def read_mask(mask: Any, size: tuple[int, int]) -> npt.NDArray[np.uint8 | np.uint16]:
    """Read one class id per pixel.

    Args:
        mask: (H, W), bool or integers in 0 to 65535; a PIL image of mode 1, L, P or I;16 as well.
        size: Width and height of the picture.

    Returns:
        A copy, (H, W), as uint8 where all ids fit, else uint16. True is class 1.

    Raises:
        TypeError: Not bool nor integers.
        ValueError: Another size than the picture's, or an id out of range.
    """
    ids = numbers(mask, "mask")
    if ids.dtype.kind == "f":
        raise TypeError(
            f"mask must hold class ids, not {ids.dtype}: pass scores.argmax(0), or scores > 0.5."
        )
    if ids.shape != size[::-1]:
        raise ValueError(
            f"mask of shape {ids.shape} does not cover a picture of height and width "
            f"{size[::-1]}: pass one id per pixel, (H, W)."
        )
    low, high = int(ids.min()), int(ids.max())
    if low < 0 or high > _MAX_CLASS_ID:
        raise ValueError(
            f"mask ids must lie in 0 to {_MAX_CLASS_ID}, found {low} to {high}: "
            f"give ignored pixels an id of their own."
        )
    return ids.astype(np.uint8 if high <= np.iinfo(np.uint8).max else np.uint16)


def read_classes(classes: Mapping[int, str] | Sequence[str]) -> dict[int, str]:
    """Read the names of classes, by id or by position.

    Raises:
        TypeError: Neither form, an id which is not an integer, or a name which is not a string.
        ValueError: An id out of 0 to 65535.
    """
    if isinstance(classes, str) or not isinstance(classes, (Mapping, Sequence)):
        raise TypeError(
            f"classes must be a mapping of ids to names or a sequence of names, not {classes!r}."
        )
    pairs = classes.items() if isinstance(classes, Mapping) else enumerate(classes)
    names: dict[int, str] = {}
    for key, name in pairs:
        try:
            class_id = operator.index(key)
        except TypeError:
            raise TypeError(f"class id {key!r} is not an integer: map ids to names.") from None
        if not isinstance(name, str):
            raise TypeError(f"class {class_id} is called {name!r}: pass its name as a string.")
        if not 0 <= class_id <= _MAX_CLASS_ID:
            raise ValueError(f"class id {class_id} is out of 0 to {_MAX_CLASS_ID}: renumber it.")
        names[class_id] = name
    return names


def _corners(value: Any, what: str) -> npt.NDArray[np.float32]:
    """Upper left and lower right, also of boxes that a detector has turned inside out."""
    array = _points(value, 4, what, "x_min, y_min, x_max, y_max")
    first, second = array[:, :2], array[:, 2:]
    return np.hstack([np.minimum(first, second), np.maximum(first, second)])


def _points(
    value: Any, columns: int, what: str, names: str, *, nested: bool = False
) -> npt.NDArray[np.float32]:
    array = _finite(value, what)
    if array.shape == (0,):
        return array.reshape(0, columns)
    ranks = (2, 3) if nested else (2,)
    if array.ndim not in ranks or array.shape[-1] != columns:
        raise ValueError(
            f"{what} of shape {array.shape} must have {columns} numbers each ({names}): "
            f"pass (N, {columns})."
        )
    return array.reshape(-1, columns)


def _finite(value: Any, what: str) -> npt.NDArray[np.float32]:
    with np.errstate(over="ignore"):  # too large for float32 is infinite, and told as such
        array = numbers(value, what).astype(np.float32)
    if not np.isfinite(array).all():
        raise ValueError(f"{what} hold a number which is not finite: leave those out.")
    return array


def _read_labels(
    labels: Any, count: int
) -> tuple[npt.NDArray[np.uint16] | None, tuple[str, ...] | None]:
    if labels is None:
        return None, None
    array = host_array(labels).reshape(-1)
    _check_length(len(array), count, "labels")
    if array.dtype.kind in "UO" and all(isinstance(label, str) for label in array):
        return None, tuple(map(str, array))
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"labels must be all integers or all strings, not {labels!r}.")
    if array.size and not 0 <= int(array.min()) <= int(array.max()) <= _MAX_CLASS_ID:
        raise ValueError(
            f"labels must lie in 0 to {_MAX_CLASS_ID}, found {array.min()} to {array.max()}: "
            f"renumber the classes."
        )
    return array.astype(np.uint16), None


def _check_length(found: int, boxes: int, what: str) -> None:
    if found != boxes:
        raise ValueError(f"there are {found} {what} for {boxes} boxes: pass one each.")
