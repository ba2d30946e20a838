"""Numbers in rows and columns, as colours: attention, saliency, any matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from triptych.visuals.arrays import host_array, interval, nbytes, own_anywhere
from triptych.visuals.colours import ColourMap, read_colours
from triptych.visuals.image import Image
from triptych.visuals.planes import check_plane, flat_shape, plane, span
from triptych.visuals.visual import changed, set_fields

_MOST_LABELS = 100


@dataclass(frozen=True, slots=True, init=False, eq=False)
class Heatmap:
    """A matrix in colours; NaN is grey, and infinite numbers get the end they point to.

    Attributes:
        values: What was passed; after `own`, a copy that is ours.
        range: The values that get the first and the last colour; None for the lowest and highest.
        colours: From low to high.
        caption: One line below, before the range; or None.
        rows: Names of the rows, from the top; or None.
        columns: Names of the columns, from the left; or None.
        over: The picture that it is laid over, or None.
    """

    values: Any = field(repr=False)
    range: tuple[float, float] | None
    colours: str
    caption: str | None
    rows: tuple[str, ...] | None
    columns: tuple[str, ...] | None
    over: Image | None

    def __init__(
        self,
        values: Any,
        range: tuple[float, float] | None = None,  # noqa: A002 - as numpy.histogram calls it
        colours: ColourMap = "viridis",
        caption: str | None = None,
        *,
        rows: Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
        over: Any = None,
    ) -> None:
        """Check the arguments; values on a device are not looked at, so as not to wait for it.

        Args:
            values: Numpy array, torch tensor or nested sequence of shape (H, W), (H, W, 1) or
                (1, H, W), of any real dtype, bool and bfloat16 included.
            range: The values that get the first and the last colour; beyond, these are kept.
            colours: A name in `triptych.visuals.colours.ColourMap`.
            caption: One line of text.
            rows: One name for each row, at most 100.
            columns: One name for each column, at most 100.
            over: A `triptych.Image` or what that takes: the matrix is stretched over it, half
                transparent, as for saliency. Not together with names of rows or columns.

        Raises:
            TypeError: Values which are not real numbers, or a caption which is not a string.
            ValueError: A shape which is no matrix, an unknown colour map, a range that does not
                rise, or names that do not fit.
        """
        values = check_plane(values, "heatmap")
        if not (caption is None or isinstance(caption, str)):
            raise TypeError(f"caption must be a string, not {caption!r}: pass str(caption).")
        height, width = flat_shape(tuple(values.shape)) or (0, 0)
        if over is not None and not (rows is None and columns is None):
            raise ValueError("names of rows and columns find no place over a picture: leave out.")
        set_fields(
            self,
            values=values,
            range=None if range is None else interval(range, "range"),
            colours=read_colours(colours),
            caption=caption,
            rows=_read_names(rows, height, "rows"),
            columns=_read_names(columns, width, "columns"),
            over=over if over is None or isinstance(over, Image) else Image(over),
        )

    @property
    def nbytes(self) -> int:
        """Bytes held by the values and by the picture below them."""
        return nbytes(self.values, self.over)

    def own(self) -> Self:
        """Copy the values, and the picture below them."""
        owned = changed(self)
        over = None if self.over is None else self.over.own()
        set_fields(owned, values=own_anywhere(self.values), over=over)
        return owned

    def matrix(self) -> npt.NDArray[np.float64]:
        """The values as float64 (H, W), on a worker thread."""
        return plane(host_array(self.values)).astype(np.float64)

    def shown_range(self) -> tuple[float, float]:
        """The values that get the first and the last colour; on a worker thread."""
        return self.range or span(self.matrix())

    def legend(self) -> str:
        """The caption, and what the colours mean; on a worker thread."""
        low, high = self.shown_range()
        meaning = f"from {low:.4g} to {high:.4g}"
        return meaning if self.caption is None else f"{self.caption}, {meaning}"


def _read_names(names: Sequence[str] | None, count: int, what: str) -> tuple[str, ...] | None:
    if names is None:
        return None
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"{what} must be a sequence of strings, not {names!r}.")
    if len(names) != count or count > _MOST_LABELS:
        raise ValueError(
            f"there are {len(names)} names for {count} {what}: pass one each, and at most "
            f"{_MOST_LABELS}."
        )
    return tuple(names)
