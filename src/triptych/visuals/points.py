"""Points in a plane or in space: point clouds, predicted positions, samples of a density."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from triptych.visuals.annotations import read_classes
from triptych.visuals.arrays import interval, nbytes, own_array
from triptych.visuals.colours import ColourMap, read_colours
from triptych.visuals.instances import (
    as_class_ids,
    as_colours,
    as_floats,
    as_radii,
    check_count,
    read_names,
    take,
    take_class_ids,
    take_colours,
    take_places,
    take_radii,
)
from triptych.visuals.planes import span
from triptych.visuals.visual import changed, set_fields

_ARRAYS = ("positions", "colours", "values", "radii", "class_ids")


@dataclass(frozen=True, slots=True, init=False, eq=False)
class Points:
    """Points, each with a colour, a size, a class and a name if you like.

    In a plane x goes to the right and y down, as in a picture; in space z is up.

    Attributes:
        positions: (N, 2) or (N, 3).
        colours: (N, 3|4), or (3|4,) for all, or None.
        values: (N,) numbers that give the colours, or None.
        colour_map: From low to high values.
        range: The values that get the first and the last colour; None for the lowest and highest.
        radii: (N,) or one for all, in the units of the positions, or None for dots that keep their
            size on the screen.
        labels: N names, or None.
        class_ids: (N,), or None.
        classes: Names of the class ids; empty when none were given.
    """

    positions: Any = field(repr=False)
    colours: Any = field(repr=False)
    values: Any = field(repr=False)
    colour_map: str
    range: tuple[float, float] | None
    radii: Any = field(repr=False)
    labels: tuple[str, ...] | None = field(repr=False)
    class_ids: Any = field(repr=False)
    classes: dict[int, str]

    def __init__(
        self,
        positions: Any,
        colours: ColourMap | Any = None,
        *,
        values: Any = None,
        range: tuple[float, float] | None = None,  # noqa: A002 - as in Histogram
        radii: Any = None,
        labels: Sequence[str] | None = None,
        class_ids: Any = None,
        classes: Mapping[int, str] | Sequence[str] | None = None,
    ) -> None:
        """Check shapes, and the values of what needs no waiting for a device.

        Args:
            positions: (N, 2) or (N, 3), an array, tensor or sequence; N may be 0. They are drawn in
                float32; a point with a coordinate that is not finite is left out.
            colours: (N, 3) red, green, blue, or (N, 4) with alpha; or one colour for all. Integers
                are 0 to 255, floats 0 to 1. With `values`, the name of a colour map, a name in
                `triptych.visuals.colours.ColourMap`; None for "viridis".
            values: (N,) numbers that give the colours, such as a height or an error. NaN is grey.
            range: The values that get the first and the last colour; beyond, these are kept.
            radii: One number, or (N,), of at least 0, in the units of the positions.
            labels: A name for each point.
            class_ids: (N,) integers in 0 to 65535, which give the colours if nothing else does.
            classes: Names of the class ids: {id: name}, or a sequence where the position is the id.

        Raises:
            TypeError: An argument of a kind that cannot be drawn.
            ValueError: A shape, length or range that is wrong, or an unknown colour map.
        """
        positions = take_places(positions, "positions", (2, 3))
        count = len(positions)
        colour_map = "viridis"
        if values is not None:
            values = take(values, "values")
            check_count(values, count, "values")
            if not (colours is None or isinstance(colours, str)):
                raise ValueError("both values and colours colour the points: pass one of them.")
            colour_map, colours = read_colours(colours or colour_map), None
        set_fields(
            self,
            positions=positions,
            colours=None if colours is None else take_colours(colours, count),
            values=values,
            colour_map=colour_map,
            range=None if range is None else interval(range, "range"),
            radii=None if radii is None else take_radii(radii, count),
            labels=None if labels is None else read_names(labels, count),
            class_ids=None if class_ids is None else take_class_ids(class_ids, count),
            classes={} if classes is None else read_classes(classes),
        )

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def dimensions(self) -> int:
        """2 in a plane, 3 in space."""
        return int(self.positions.shape[1])

    @property
    def nbytes(self) -> int:
        """Bytes held by the arrays."""
        return nbytes(*(getattr(self, name) for name in _ARRAYS))

    def own(self) -> Self:
        """Copy the arrays to the host; names were copied when the points were built."""
        owned = changed(self)
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        set_fields(owned, **{k: own_array(v) for k, v in arrays.items() if v is not None})
        return owned

    def normalised(self) -> Self:
        """Leave out what has no place, and bring the rest into one form, on a worker thread.

        Returns:
            Points with finite float32 positions (M, 2|3), uint8 colours (M, 3|4) or (1, 3|4),
            float32 values (M,) and their range, float32 radii (M,) or (1,), uint16 class_ids (M,);
            what was None stays None.

        Raises:
            ValueError: Colours, radii or class ids out of range, which came from a device.
        """
        drawn = changed(self)
        readers = dict(
            zip(_ARRAYS[1:], (as_colours, as_floats, as_radii, as_class_ids), strict=True)
        )
        read = {name: (getattr(self, name), reader) for name, reader in readers.items()}
        set_fields(drawn, positions=as_floats(self.positions))
        set_fields(drawn, **{k: to(value) for k, (value, to) in read.items() if value is not None})
        finite = np.isfinite(drawn.positions).all(axis=1)
        drawn = drawn if finite.all() else drawn.take(np.flatnonzero(finite))
        if drawn.values is not None:
            set_fields(drawn, range=self.range or span(drawn.values))
        return drawn

    def take(self, places: npt.NDArray[np.integer]) -> Self:
        """The points at some indices, of points that are `normalised`."""
        count, taken = len(self), changed(self)
        for name in _ARRAYS:
            array = getattr(self, name)
            if array is not None and len(array) == count:
                set_fields(taken, **{name: array[places]})
        if self.labels is not None:
            set_fields(taken, labels=tuple(self.labels[place] for place in places.tolist()))
        return taken
