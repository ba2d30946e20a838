"""How far away each pixel is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from triptych.visuals.arrays import host_array, interval, nbytes, own_anywhere
from triptych.visuals.colours import read_colours
from triptych.visuals.planes import check_plane, plane, span
from triptych.visuals.visual import changed, set_fields

DepthColours = Literal["viridis", "inferno", "magma", "plasma", "turbo", "gray"]
"""Those that Rerun has too."""


@dataclass(frozen=True, slots=True, init=False, eq=False)
class Depth:
    """Distances from the camera; 0, NaN and infinite mean that nothing was measured.

    Attributes:
        values: What was passed; after `own`, a copy that is ours.
        unit: Metres in one unit of the values.
        range: In metres, what gets the first and the last colour; None for the nearest and the
            farthest that was measured.
        colours: From near to far.
        caption: One line below, or None.
    """

    values: Any = field(repr=False)
    unit: float
    range: tuple[float, float] | None
    colours: str
    caption: str | None

    def __init__(
        self,
        values: Any,
        unit: float | None = None,
        range: tuple[float, float] | None = None,  # noqa: A002 - as matplotlib and Rerun call it
        colours: DepthColours = "viridis",
        caption: str | None = None,
    ) -> None:
        """Check the arguments; values on a device are not looked at, so as not to wait for it.

        Args:
            values: Numpy array or torch tensor of shape (H, W), (H, W, 1) or (1, H, W), float or
                integer.
            unit: Metres in one unit of the values; None is 1 for floats, and 0.001 for integers,
                as depth cameras give them.
            range: In metres, what gets the first and the last colour; name it to compare pictures.
            colours: "viridis", "inferno", "magma", "plasma", "turbo" or "gray", near to far.
            caption: One line of text.

        Raises:
            TypeError: Values which are not real numbers, or a caption which is not a string.
            ValueError: A shape which is no picture, an unknown colour map, a unit or range that is
                not as above.
        """
        values = check_plane(values, "depth")
        if "bool" in str(values.dtype):
            raise TypeError("depth is bool, not distances: pass triptych.Heatmap(values).")
        if unit is None:
            unit = 1.0 if "float" in str(values.dtype) else 0.001
        if not (caption is None or isinstance(caption, str)):
            raise TypeError(f"caption must be a string, not {caption!r}: pass str(caption).")
        if not 0 < unit < np.inf:
            raise ValueError(f"unit must be the metres in one unit, more than 0, not {unit!r}.")
        set_fields(
            self,
            values=values,
            unit=float(unit),
            range=None if range is None else interval(range, "range"),
            colours=read_colours(colours, DepthColours),
            caption=caption,
        )

    @property
    def nbytes(self) -> int:
        """Bytes held by the values."""
        return nbytes(self.values)

    def own(self) -> Self:
        """Copy the values."""
        return changed(self, values=own_anywhere(self.values))

    def raw(self) -> npt.NDArray[Any]:
        """The values as they were given, (H, W), on a worker thread."""
        return plane(host_array(self.values))

    def metres(self) -> npt.NDArray[np.float32]:
        """Metres, float32 (H, W), NaN where nothing was measured; on a worker thread."""
        found = self.raw().astype(np.float32) * np.float32(self.unit)
        found[~(np.isfinite(found) & (found > 0))] = np.nan
        return found

    def shown_range(self) -> tuple[float, float]:
        """In metres, what gets the first and the last colour; on a worker thread."""
        return self.range or span(self.metres())

    def legend(self) -> str:
        """The caption, and what the colours mean; on a worker thread."""
        low, high = self.shown_range()
        meaning = f"from {low:.3g} to {high:.3g} m"
        return meaning if self.caption is None else f"{self.caption}, {meaning}"
