"""`Curve`: the numbers at one path with all their times, and attempts become one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """N numbers.

    Attributes:
        steps: (N,) int64.
        epochs: (N,) int64; -1 where there was no epoch.
        times: (N,) int64, nanoseconds since 1970.
        values: (N,) float64; NaN and infinities as they were logged.
        attempts: (N,) int64, counted from 1.
    """

    steps: npt.NDArray[np.int64]
    epochs: npt.NDArray[np.int64]
    times: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    attempts: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def columns(self) -> tuple[npt.NDArray[Any], ...]:
        """All attributes, in their order."""
        return self.steps, self.epochs, self.times, self.values, self.attempts

    @classmethod
    def joined(cls, curves: Sequence[Self]) -> Self:
        """All rows of several curves, sorted by step and, within a step, by time."""
        whole = cls.stacked(curves)
        return whole.taken(np.lexsort((whole.times, whole.steps)))

    @classmethod
    def stacked(cls, curves: Sequence[Self]) -> Self:
        """All rows of several curves, one after another."""
        whole = np.zeros(0, dtype=np.int64)
        empty = cls(whole, whole, whole, whole.astype(np.float64), whole)
        columns = zip(*(curve.columns for curve in [empty, *curves]), strict=True)
        return cls(*(np.concatenate(parts) for parts in columns))

    def taken(self, rows: npt.NDArray[Any]) -> Self:
        """Some rows, by a mask or by their places."""
        return type(self)(*(column[rows] for column in self.columns))

    @classmethod
    def merged(cls, curves: Sequence[Self]) -> Self:
        """The curves of several attempts as one.

        Where attempts overlap in steps the later one is taken: of each attempt those rows are left
        out whose step lies between the first and the last step of a later attempt.

        Args:
            curves: The earliest attempt first.
        """
        kept: list[Self] = []
        for place, curve in enumerate(curves):
            mask = np.ones(len(curve), dtype=np.bool_)
            for later in curves[place + 1 :]:
                if len(later):
                    mask &= (curve.steps < later.steps.min()) | (curve.steps > later.steps.max())
            kept.append(curve.taken(mask))
        return cls.joined(kept)
