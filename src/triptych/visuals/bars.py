"""One bar for each of a few things: accuracy by class, time by part, importance by feature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from triptych.visuals.arrays import host_array, nbytes, own_array
from triptych.visuals.instances import read_names, take
from triptych.visuals.visual import changed, set_fields

_MOST = 1000


@dataclass(frozen=True, slots=True, init=False, eq=False)
class Bars:
    """Numbers side by side, with or without names.

    Attributes:
        values: (N,), what was passed; after `own`, a numpy array that is ours.
        labels: N names, or None.
        title: What the numbers are; may be "".
    """

    values: Any = field(repr=False)
    labels: tuple[str, ...] | None
    title: str

    def __init__(
        self, values: Any, labels: Sequence[str] | None = None, *, title: str = ""
    ) -> None:
        """Check the shape; the values are not looked at, so as not to wait for a device.

        Args:
            values: (N,) numbers, N in 1 to 1000; or {name: number}. A number that is not finite has
                no bar, and is written beside its name if it has one.
            labels: A name for each, unless `values` is a mapping.
            title: What the numbers are.

        Raises:
            TypeError: Not numbers, or names that are no strings.
            ValueError: Another shape, no bars or too many, or not one name for each.
        """
        if isinstance(values, Mapping):
            if labels is not None:
                raise ValueError("labels are in the mapping already: leave them out.")
            labels, values = list(values), list(values.values())
        values = take(values, "values")
        if len(values.shape) != 1 or not 1 <= len(values) <= _MOST:
            raise ValueError(
                f"values of shape {tuple(values.shape)} cannot be drawn: pass (N,), N in 1 to "
                f"{_MOST}; count many values with triptych.Histogram."
            )
        if not isinstance(title, str):
            raise TypeError(f"title must be a string, not {title!r}: pass str(...).")
        names = None if labels is None else read_names(labels, len(values))
        set_fields(self, values=values, labels=names, title=title)

    @property
    def nbytes(self) -> int:
        """Bytes held by the values."""
        return nbytes(self.values)

    def own(self) -> Self:
        """Copy the values to the host."""
        return changed(self, values=own_array(self.values))

    def heights(self) -> npt.NDArray[np.float64]:
        """The values as float64 (N,), on a worker thread."""
        return host_array(self.values).astype(np.float64)
