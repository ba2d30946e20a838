"""`Course`: what a curve came to, in a few numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from triptych.archive.curve import Curve
from triptych.dashboard.naming import is_minor, place


@dataclass(frozen=True, slots=True)
class Point:
    """One number of a curve; `value` may be NaN or infinite."""

    step: int
    value: float

    @classmethod
    def of(cls, curve: Curve, row: int) -> Self:
        """The number in a row of a curve."""
        return cls(int(curve.steps[row]), float(curve.values[row]))


@dataclass(frozen=True, slots=True)
class Course:
    """The last, the least and the greatest number at a path.

    Attributes:
        count: How many numbers there are, at least one.
        last: The one logged last at the highest step.
        least: The first of several equal ones; None where no number is finite.
        greatest: The same.
    """

    count: int
    last: Point
    least: Point | None
    greatest: Point | None

    @classmethod
    def of(cls, curve: Curve) -> Self:
        """Sum up a curve of at least one number."""
        finite = curve.taken(np.isfinite(curve.values))
        least = Point.of(finite, int(np.argmin(finite.values))) if len(finite) else None
        greatest = Point.of(finite, int(np.argmax(finite.values))) if len(finite) else None
        return cls(len(curve), Point.of(curve, -1), least, greatest)


def courses(curves: Mapping[str, Curve]) -> dict[str, Course]:
    """The course of every curve: losses first, then what is measured, the machine last."""
    paths = sorted((path for path, curve in curves.items() if len(curve)), key=place)
    return {path: Course.of(curves[path]) for path in paths}


def main_paths(paths: Iterable[str]) -> list[str]:
    """Those that say how the training went."""
    return [path for path in paths if not is_minor(path)]
