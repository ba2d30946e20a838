"""How many values lie where: weights, gradients, scores."""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from triptych.visuals.arrays import interval, is_tensor, nbytes, numbers, own_anywhere
from triptych.visuals.visual import changed, set_fields

# W&B refuses more.
_MAX_BINS = 512
_PERCENTILES = (5, 25, 50, 75, 95)
_LARGEST = 1e300


@dataclass(frozen=True, slots=True, init=False, eq=False)
class Histogram:
    """Values, to be counted on the worker; or counts, where somebody counted already.

    Attributes:
        values: What was passed, of any shape; after `own`, a copy that is ours. None for a
            histogram made `from_counts`.
        bins: How many bins of equal width to count in, 1 to 512.
        range: The lower and upper end of the bins; None for the smallest and largest finite value.
    """

    values: Any = field(repr=False)
    bins: int
    range: tuple[float, float] | None
    _counted: tuple[npt.NDArray[Any], npt.NDArray[np.float64]] | None = field(repr=False)

    def __init__(
        self,
        values: Any,
        bins: int = 64,
        *,
        range: tuple[float, float] | None = None,  # noqa: A002 - as numpy.histogram calls it
    ) -> None:
        """Check the arguments; the values are not looked at, so as not to wait for a device.

        Args:
            values: A numpy array, torch tensor or sequence of at least one number. NaN and infinite
                values are left out, and counted in `nonfinite`.
            bins: How many bins of equal width, 1 to 512.
            range: The lower and upper end of the bins; values beyond are left out.

        Raises:
            TypeError: Values or bins which are not numbers.
            ValueError: No values, too many bins, or a range that does not rise.
        """
        if is_tensor(values):
            if values.is_complex():
                raise TypeError("values are complex: pass values.abs().")
            count = int(values.numel())
        else:
            values = numbers(values, "values")
            count = values.size
        if count == 0:
            raise ValueError("values are empty: pass at least one number.")
        try:
            bins = operator.index(bins)
        except TypeError:
            raise TypeError(f"bins must be an integer, not {bins!r}.") from None
        if not 1 <= bins <= _MAX_BINS:
            raise ValueError(f"bins must be 1 to {_MAX_BINS}, not {bins}.")
        if range is not None:
            range = interval(range, "range")  # noqa: A001 - as above
        set_fields(self, values=values, bins=bins, range=range, _counted=None)

    @classmethod
    def from_counts(cls, counts: Any, edges: Any) -> Self:
        """Take a histogram that was counted elsewhere.

        Args:
            counts: (B,) finite numbers, not negative; B in 1 to 512.
            edges: (B + 1,) finite numbers, rising: where the bins begin and end.

        Raises:
            TypeError: Not numbers.
            ValueError: Lengths that do not fit, or numbers that are not as above.
        """
        heights = np.array(numbers(counts, "counts"))
        ends = np.array(numbers(edges, "edges"), dtype=np.float64)
        if heights.ndim != 1 or ends.shape != (heights.size + 1,):
            raise ValueError(
                f"counts of shape {heights.shape} and edges of shape {ends.shape} do not fit: "
                f"pass one more edge than counts."
            )
        if not 1 <= heights.size <= _MAX_BINS:
            raise ValueError(f"there must be 1 to {_MAX_BINS} counts, not {heights.size}.")
        if not (np.isfinite(heights).all() and (heights >= 0).all()):
            raise ValueError(f"counts must be finite and not negative, not {counts!r}.")
        if not (np.isfinite(ends).all() and (np.diff(ends) > 0).all()):
            raise ValueError(f"edges must be finite and rise from bin to bin, not {edges!r}.")
        histogram = cls.__new__(cls)
        bounds = (float(ends[0]), float(ends[-1]))
        set_fields(
            histogram, values=None, bins=heights.size, range=bounds, _counted=(heights, ends)
        )
        return histogram

    @property
    def nbytes(self) -> int:
        """Bytes held by the values, or by counts and edges."""
        return nbytes(self.values, *(self._counted or ()))

    def own(self) -> Self:
        """Copy the values to the host; counts were copied when they were passed."""
        if self._counted is not None:
            return self
        return changed(self, values=own_anywhere(self.values))

    @property
    def nonfinite(self) -> int:
        """How many values are NaN or infinite; looks at all of them, on a worker thread."""
        if self.values is None:
            return 0
        values = numbers(self.values, "values")
        return int(values.size - np.count_nonzero(np.isfinite(values)))

    def counts(self) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
        """Count the finite values, on a worker thread.

        Returns:
            How many values lie in each bin, (bins,), and the edges of the bins, float64
            (bins + 1,), rising. A bin holds its lower edge, the last one both. Where no value is
            finite, all counts are 0.
        """
        if self._counted is not None:
            return self._counted
        values = numbers(self.values, "values").astype(np.float64).reshape(-1)
        # the distance between the largest numbers there are is none that a float can hold
        finite = np.clip(values[np.isfinite(values)], -_LARGEST, _LARGEST)
        return np.histogram(finite, self.bins, self.range or _span(finite, self.bins))

    def percentiles(self) -> dict[int, float]:
        """What share of the finite values lies below, on a worker thread.

        Returns:
            The 5th, 25th, 50th, 75th and 95th percentile, interpolated linearly between values; of
            a histogram made `from_counts` within its bins. Empty where no value is finite.
        """
        if self._counted is not None:
            return _from_bins(*self._counted)
        values = numbers(self.values, "values").astype(np.float64).reshape(-1)
        finite = values[np.isfinite(values)]
        if not finite.size:
            return {}
        found = np.percentile(finite, _PERCENTILES)
        return dict(zip(_PERCENTILES, found.tolist(), strict=True))


def _from_bins(counts: npt.NDArray[Any], edges: npt.NDArray[np.float64]) -> dict[int, float]:
    below = np.concatenate([[0.0], np.cumsum(counts, dtype=np.float64)])
    if below[-1] == 0:
        return {}
    wanted = np.array(_PERCENTILES) / 100 * below[-1]
    found = np.interp(wanted, below, edges)
    return dict(zip(_PERCENTILES, found.tolist(), strict=True))


def _span(finite: npt.NDArray[np.float64], bins: int) -> tuple[float, float]:
    if finite.size == 0:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    # Where values (nearly) coincide, the edges would as well, and numpy refuses to count.
    step = 2 * float(np.spacing(max(abs(low), abs(high))))
    if high - low < bins * step:
        half = max(0.5, bins * step)
        return low - half, high + half
    return low, high
