"""Boxes in space, turned as you like: what a detector found in a point cloud."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from triptych.visuals.annotations import read_classes
from triptych.visuals.arrays import nbytes, numbers
from triptych.visuals.instances import (
    as_class_ids,
    as_colours,
    check_count,
    read_names,
    take_class_ids,
    take_colours,
)
from triptych.visuals.points import Points
from triptych.visuals.visual import changed, set_fields

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, init=False, eq=False)
class Boxes3D:
    """Boxes, and the point cloud around them if you like; z is up.

    Boxes are few, so they are copied to the host and checked when the visual is built.

    Attributes:
        centers: float32 (N, 3).
        sizes: float32 (N, 3), from face to face along each box's own x, y and z.
        rotations: float32 (N, 4), unit quaternions x, y, z, w; or None.
        colours: uint8 (N, 3|4), or (1, 3|4) for all, or None.
        labels: N names, or None.
        class_ids: uint16 (N,), or None.
        scores: float32 (N,), or None.
        classes: Names of the class ids of boxes and points; empty when none were given.
        points: The cloud, in space, or None.
    """

    centers: Floats = field(repr=False)
    sizes: Floats = field(repr=False)
    rotations: Floats | None = field(repr=False)
    colours: npt.NDArray[np.uint8] | None = field(repr=False)
    labels: tuple[str, ...] | None
    class_ids: npt.NDArray[np.uint16] | None
    scores: Floats | None
    classes: dict[int, str]
    points: Points | None

    def __init__(
        self,
        centers: Any,
        sizes: Any,
        rotations: Any = None,
        *,
        colours: Any = None,
        labels: Sequence[str] | None = None,
        class_ids: Any = None,
        scores: Any = None,
        classes: Mapping[int, str] | Sequence[str] | None = None,
        points: Points | Any = None,
    ) -> None:
        """Copy and check the boxes.

        Args:
            centers: (N, 3), in the units of the points; N may be 0.
            sizes: (N, 3), at least 0, from face to face along each box's own x, y and z.
            rotations: (N, 4) quaternions x, y, z, w, of any length but 0, which turn a box about
                its centre. About the z axis by an angle a: (0, 0, sin(a / 2), cos(a / 2)).
            colours: One for each box or one for all; integers in 0 to 255, or floats in 0 to 1.
            labels: A name for each box; None for the names of the classes.
            class_ids: (N,) integers in 0 to 65535, which give the colours if nothing else does.
            scores: (N,), how sure the detector is.
            classes: Names of the class ids: {id: name}, or a sequence where the position is the id.
            points: `Points` in space, or (M, 3) positions.

        Raises:
            TypeError: Not numbers, or names that are no strings.
            ValueError: A wrong shape, a number that is not finite, a negative size, a quaternion
                of zeros.
        """
        centers = _rows(centers, 3, "centers", None)
        count = len(centers)
        sizes = _rows(sizes, 3, "sizes", count)
        if (sizes < 0).any():
            raise ValueError(
                f"sizes must not be negative, found {sizes.min():g}: pass the distances from face "
                f"to face, such as maximum - minimum."
            )
        if scores is not None:
            scores = numbers(scores, "scores").astype(np.float32)
            check_count(scores, count, "scores")
        if points is not None and not isinstance(points, Points):
            points = Points(points)
        if points is not None and points.dimensions != 3:  # noqa: PLR2004 - x, y, z
            raise ValueError("points lie in a plane, the boxes do not: pass (M, 3) positions.")
        names = {} if classes is None else read_classes(classes)
        set_fields(
            self,
            centers=centers,
            sizes=sizes,
            rotations=None if rotations is None else _unit(_rows(rotations, 4, "rotations", count)),
            colours=None if colours is None else as_colours(take_colours(colours, count)).copy(),
            labels=None if labels is None else read_names(labels, count),
            class_ids=None if class_ids is None else as_class_ids(take_class_ids(class_ids, count)),
            scores=scores,
            classes=names | (points.classes if points is not None else {}),
            points=points,
        )

    def __len__(self) -> int:
        return len(self.centers)

    @property
    def nbytes(self) -> int:
        """Bytes held by the boxes and their points."""
        boxes = (
            self.centers,
            self.sizes,
            self.rotations,
            self.colours,
            self.class_ids,
            self.scores,
        )
        return nbytes(*boxes, self.points)

    def own(self) -> Self:
        """Copy the points; the boxes were copied when they were built."""
        if self.points is None:
            return self
        return changed(self, points=self.points.own())

    def names(self) -> tuple[str, ...] | None:
        """The label of each box, or the name of its class; None where there are neither."""
        if self.labels is not None or self.class_ids is None:
            return self.labels
        return tuple(self.classes.get(one, str(one)) for one in self.class_ids.tolist())

    def captions(self) -> tuple[str, ...] | None:
        """What to write at each box: its name and its score; None where there is nothing."""
        names = self.names()
        if self.scores is None:
            return names
        scored = zip(names or ("",) * len(self), self.scores.tolist(), strict=True)
        return tuple(f"{name} {score:.2f}".lstrip() for name, score in scored)

    def corners(self) -> Floats:
        """Where the corners are, float32 (N, 8, 3).

        In the order of `itertools.product` over the lower and the upper end of x, y and z, as in
        `wandb.box3d` (0.31). A point v is turned by the unit quaternion (q, w) as
        v + 2w (q x v) + 2 q x (q x v): the product q v q* of Hamilton, written out.
        """
        signs = np.array(list(itertools.product((-0.5, 0.5), repeat=3)), np.float32)
        offsets = self.sizes[:, None, :] * signs
        if self.rotations is not None:
            axis, real = self.rotations[:, None, :3], self.rotations[:, None, 3:]
            once = np.cross(axis, offsets)
            offsets = offsets + 2 * real * once + 2 * np.cross(axis, once)
        return self.centers[:, None, :] + offsets


def _rows(value: Any, columns: int, what: str, count: int | None) -> Floats:
    with np.errstate(over="ignore"):  # too large for float32 is infinite, and told as such
        rows = np.atleast_1d(numbers(value, what)).astype(np.float32)
    if rows.shape == (0,):
        rows = rows.reshape(0, columns)
    if rows.shape != (len(rows) if count is None else count, columns):
        wanted = "N" if count is None else count
        raise ValueError(f"{what} of shape {rows.shape} do not fit: pass ({wanted}, {columns}).")
    if not np.isfinite(rows).all():
        raise ValueError(f"{what} hold a number which is not finite: leave those boxes out.")
    return rows


def _unit(quaternions: Floats) -> Floats:
    lengths = np.linalg.norm(quaternions, axis=1, keepdims=True)
    if (lengths == 0).any():
        raise ValueError("rotations hold a quaternion of zeros: pass (0, 0, 0, 1) for no rotation.")
    unit: Floats = quaternions / lengths
    return unit
