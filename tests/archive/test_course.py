"""`Course`: what a curve came to."""

from __future__ import annotations

import numpy as np

from triptych.archive.course import Course, Point, courses, main_paths
from triptych.archive.curve import Curve


def _curve(*values: float) -> Curve:
    """Numbers at the steps 10, 20 and so on."""
    steps = np.arange(1, len(values) + 1, dtype=np.int64) * 10
    return Curve(steps, steps * 0, steps, np.array(values), steps * 0 + 1)


def test_the_ends_of_a_curve_have_their_steps() -> None:
    """Of several equal ones the first; the last is the last, whatever it is."""
    nan = float("nan")
    found = Course.of(_curve(3.0, 1.0, float("inf"), 1.0, 3.0, nan))
    assert (found.count, found.least, found.greatest) == (6, Point(20, 1.0), Point(10, 3.0))
    assert found.last.step == 60
    assert np.isnan(found.last.value)


def test_a_curve_without_a_finite_number_has_no_ends() -> None:
    """It has a last number all the same."""
    found = Course.of(_curve(float("inf")))
    assert found == Course(1, Point(10, float("inf")), None, None)


def test_losses_come_first_and_the_machine_last() -> None:
    """As in the dashboard; what has no number is left out."""
    paths = ("system/cpu", "grad_norm/conv", "lr", "val/acc", "val/loss")
    found = courses({**{path: _curve(1.0) for path in paths}, "empty": _curve()})
    assert list(found) == ["val/loss", "val/acc", "lr", "grad_norm/conv", "system/cpu"]
    assert main_paths(found) == ["val/loss", "val/acc", "lr"]
