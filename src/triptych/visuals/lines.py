"""Lines through points, in a plane or in space: paths, trajectories, skeletons, contours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from triptych.visuals.arrays import nbytes, own_array
from triptych.visuals.colours import class_colour
from triptych.visuals.instances import (
    as_colours,
    as_floats,
    as_radii,
    read_names,
    take_colours,
    take_places,
    take_radii,
)
from triptych.visuals.visual import changed, set_fields


@dataclass(frozen=True, slots=True, init=False, eq=False)
class Lines:
    """Strips of line segments, each with a colour, a name and a thickness if you like.

    In a plane x goes to the right and y down, as in a picture; in space z is up.

    Attributes:
        strips: S arrays (M, 2|3) of the points that a line goes through; M may differ.
        colours: (S, 3|4), or (3|4,) for all, or None.
        labels: S names, or None.
        radii: (S,) or one for all, half the thickness in the units of the positions; None for lines
            that keep their thickness on the screen.
    """

    strips: tuple[Any, ...] = field(repr=False)
    colours: Any = field(repr=False)
    labels: tuple[str, ...] | None
    radii: Any = field(repr=False)

    def __init__(
        self,
        strips: Any,
        colours: Any = None,
        *,
        labels: Sequence[str] | None = None,
        radii: Any = None,
    ) -> None:
        """Check shapes, and the values of what needs no waiting for a device.

        Args:
            strips: A sequence of (M, 2) or (M, 3) arrays, tensors or sequences, all in the plane or
                all in space; or one array (S, M, 2|3). Drawn in float32. A point with a coordinate
                that is not finite interrupts its line.
            colours: One for each strip, or one for all; integers in 0 to 255, or floats in 0 to 1.
            labels: A name for each strip.
            radii: One number, or (S,), of at least 0, in the units of the positions.

        Raises:
            TypeError: Not numbers, or names that are no strings.
            ValueError: A wrong shape or length, or strips of both kinds.
        """
        if len(getattr(strips, "shape", (0, 0, 0))) != 3:  # noqa: PLR2004 - strips, points, axes
            raise ValueError(
                f"strips of shape {tuple(strips.shape)} are not several lines: pass (S, M, 2|3), "
                f"or [line] for one."
            )
        each = tuple(take_places(strip, "a strip", (2, 3)) for strip in strips)
        if len({int(strip.shape[1]) for strip in each}) > 1:
            raise ValueError("some strips lie in a plane and some in space: log them apart.")
        set_fields(
            self,
            strips=each,
            colours=None if colours is None else take_colours(colours, len(each)),
            labels=None if labels is None else read_names(labels, len(each)),
            radii=None if radii is None else take_radii(radii, len(each)),
        )

    @property
    def dimensions(self) -> int:
        """2 in a plane, 3 in space; 2 where there are no lines."""
        return int(self.strips[0].shape[1]) if self.strips else 2

    @property
    def nbytes(self) -> int:
        """Bytes held by the arrays."""
        return nbytes(*self.strips, self.colours, self.radii)

    def own(self) -> Self:
        """Copy the arrays to the host; names were copied when the lines were built."""
        owned = changed(self, strips=tuple(map(own_array, self.strips)))
        for name in ("colours", "radii"):
            if getattr(self, name) is not None:
                set_fields(owned, **{name: own_array(getattr(self, name))})
        return owned

    def normalised(self) -> Self:
        """Split lines at their gaps, and bring them into one form, on a worker thread.

        Returns:
            Lines of T strips with finite float32 points, (M, 2|3) with M of 2 or more; uint8
            colours (T, 3|4) or (1, 3|4), one after the other where none were given; float32 radii
            (T,) or (1,), or None. The parts of a strip share its colour; the first has its label,
            the others have "".

        Raises:
            ValueError: Colours or radii out of range, which came from a device.
        """
        strips, origins, labels = [], [], []
        for place, strip in enumerate(self.strips):
            label = self.labels[place] if self.labels is not None else ""
            for part in _unbroken(as_floats(strip)):
                strips.append(part)
                origins.append(place)
                labels.append(label)
                label = ""
        drawn = changed(self, strips=tuple(strips))
        if self.labels is not None:
            set_fields(drawn, labels=tuple(labels))
        places = np.array(origins, np.intp)
        if self.colours is None:
            tints = [class_colour(place) for place in origins]
            set_fields(drawn, colours=np.array(tints, np.uint8).reshape(-1, 3))
        for name, read in (("colours", as_colours), ("radii", as_radii)):
            if getattr(self, name) is not None:
                each = read(getattr(self, name))
                set_fields(drawn, **{name: each if len(each) == 1 else each[places]})
        return drawn


def _unbroken(strip: Any) -> list[Any]:
    finite = np.isfinite(strip).all(axis=1)
    if finite.all():
        return [strip] if len(strip) > 1 else []
    ends = np.flatnonzero(np.diff(finite)) + 1
    parts = np.split(strip, ends)
    return [part for part in parts if len(part) > 1 and np.isfinite(part).all()]
