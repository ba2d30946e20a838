"""Curves of several attempts become one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from triptych.archive.curve import Curve


def _curve(attempt: int, steps: list[int]) -> Curve:
    count = len(steps)
    times = np.arange(count, dtype=np.int64) + attempt * 1000
    epochs = np.full(count, -1)
    values = np.array([attempt * 1000.0 + step for step in steps])
    return Curve(np.array(steps, dtype=np.int64), epochs, times, values, np.full(count, attempt))


def _taken(*curves: Curve) -> list[tuple[int, int]]:
    whole = Curve.merged(curves)
    return list(zip(whole.steps.tolist(), whole.attempts.tolist(), strict=True))


def test_where_attempts_overlap_the_later_one_is_taken() -> None:
    """Killed at 6 and 8, resumed from 4 and 6: every step once."""
    found = _taken(_curve(1, [1, 2, 3, 4, 5, 6]), _curve(2, [5, 6, 7, 8]), _curve(3, [7, 8, 9, 10]))
    assert found == [(k, 1) for k in range(1, 5)] + [(5, 2), (6, 2)] + [
        (k, 3) for k in range(7, 11)
    ]


def test_steps_between_those_of_the_later_attempt_are_left_out_too() -> None:
    """The earlier one logged more often there; what it has before and after stays."""
    assert _taken(_curve(1, [1, 2, 3, 4, 5, 9]), _curve(2, [3, 5])) == [
        *((1, 1), (2, 1), (3, 2), (5, 2), (9, 1)),
    ]


def test_an_attempt_without_a_row_takes_nothing_away() -> None:
    """Killed before its first number."""
    assert _taken(_curve(1, [1, 2]), _curve(2, [])) == [(1, 1), (2, 1)]
    assert _taken() == []


def test_rows_of_one_step_stay_in_the_order_of_time() -> None:
    """A step may have many."""
    curve = _curve(1, [2, 1, 1])
    assert Curve.joined([curve]).times.tolist() == [1001, 1002, 1000]


@given(st.lists(st.lists(st.integers(0, 50), max_size=20, unique=True), min_size=1, max_size=4))
def test_no_step_is_missing_outside_of_later_attempts_and_none_is_doubled(
    attempts: list[list[int]],
) -> None:
    """Whatever the attempts have logged."""
    taken = _taken(*(_curve(place, steps) for place, steps in enumerate(attempts)))
    steps = [step for step, _ in taken]
    assert len(steps) == len(set(steps))
    assert steps == sorted(steps)
    for step in {step for one in attempts for step in one} - set(steps):
        owner = max(place for place, one in enumerate(attempts) if step in one)
        assert any(min(one) < step < max(one) for one in attempts[owner + 1 :] if one)
