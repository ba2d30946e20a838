"""Windows: what a sink gets that cannot take every number."""

from __future__ import annotations

import math

import numpy as np
import pytest

from triptych.pipeline.cadence import Every
from triptych.pipeline.records import Columns
from triptych.pipeline.windows import Windows

_START = 1_700_000_000.0

Row = tuple[int, tuple[float, ...], int]


def _block(
    rows: list[tuple[float, int, float]],
    *,
    paths: tuple[str, ...] = ("a",),
    epoch: int = 0,
    phases: tuple[str, ...] | None = None,
) -> Columns:
    """Rows of (seconds since the start, step, value); a further path has the value times ten."""
    times, steps, values = zip(*rows, strict=True)
    table = [[value * 10**power for power in range(len(paths))] for value in values]
    return Columns(
        paths,
        np.array(steps),
        np.full(len(rows), epoch),
        _START + np.array(times),
        np.array(table, float),
        phases or ("train",) * len(rows),
        len(rows),
    )


def _told(found: list[Columns]) -> list[Row]:
    """Step, values and number of logged rows of each row that came out."""
    assert all(len(row) == 1 for row in found)
    return [(int(row.steps[0]), tuple(row.values[0].tolist()), row.logged) for row in found]


def test_rows_of_a_window_become_their_mean_at_the_last_step() -> None:
    """A window opens with its first value; 0.1 s later it is over."""
    windows = Windows(Every(seconds=0.1))
    block = _block([(0.00, 1, 1.0), (0.04, 2, 2.0), (0.09, 3, 6.0), (0.11, 4, 8.0)])
    assert _told(windows.feed([block], _START + 0.11)) == [(3, (3.0,), 3)]
    assert _told(windows.feed([], _START + 0.2)) == []
    assert _told(windows.feed([], _START + 0.22)) == [(4, (8.0,), 1)]


def test_window_stays_open_from_one_look_to_the_next() -> None:
    """The worker looks when it likes; that does not show in the rows."""
    windows = Windows(Every(seconds=1))
    assert windows.feed([_block([(0.0, 1, 1.0)])], _START + 0.1) == []
    assert windows.feed([_block([(0.5, 2, 3.0)])], _START + 0.6) == []
    assert _told(windows.feed([], _START + 1.0)) == [(2, (2.0,), 2)]


def test_loop_slower_than_the_window_arrives_whole() -> None:
    """Every value as it was, at its own step."""
    windows = Windows(Every(seconds=0.1))
    block = _block([(0.5 * step, step, 1 / step) for step in range(1, 7)])
    told = _told(windows.feed([block], _START + 10))
    assert told == [(step, (1 / step,), 1) for step in range(1, 7)]


def test_value_that_comes_rarely_is_not_mixed_with_one_that_comes_often() -> None:
    """Each group of paths has a row of its own."""
    windows = Windows(Every(seconds=1))
    often = _block([(0.1 * n, n, float(n)) for n in range(5)])
    rare = _block([(0.2, 2, 0.125)], paths=("val/loss",))
    told = windows.feed([often, rare], _START + 2)
    by_path = {row.paths: _told([row])[0] for row in told}
    assert by_path == {("a",): (4, (2.0,), 5), ("val/loss",): (2, (0.125,), 1)}


def test_paths_that_were_logged_together_stay_in_one_row() -> None:
    """So that they can be plotted against each other."""
    windows = Windows(Every(seconds=1))
    block = _block([(0.0, 1, 1.0), (0.5, 2, 3.0)], paths=("a", "b"))
    assert _told(windows.feed([block], None)) == [(2, (2.0, 20.0), 2)]


def test_windows_of_steps_count_updates() -> None:
    """From the first value on."""
    windows = Windows(Every(steps=10))
    block = _block([(0.001 * step, step, float(step)) for step in range(1, 26)])
    assert _told(windows.feed([block], _START + 100)) == [(10, (5.5,), 10), (20, (15.5,), 10)]
    assert _told(windows.feed([], None)) == [(25, (23.0,), 5)]


def test_last_value_can_stand_for_a_window() -> None:
    """All are counted as logged."""
    windows = Windows(Every(seconds=5, keep="last"))
    block = _block([(1.0, 1, 9.0), (2.0, 2, 7.0), (3.0, 3, 8.0)])
    assert _told(windows.feed([block], None)) == [(3, (8.0,), 3)]


def test_no_window_reaches_across_a_change_of_epoch() -> None:
    """A mean over two epochs belongs to neither."""
    windows = Windows(Every(seconds=1))
    first = _block([(0.0, 1, 1.0), (0.1, 2, 3.0)], epoch=0)
    second = _block([(0.2, 3, 10.0), (0.3, 4, 20.0)], epoch=1)
    found = windows.feed([first, second], None)
    assert _told(found) == [(2, (2.0,), 2), (4, (15.0,), 2)]
    assert [int(row.epochs[0]) for row in found] == [0, 1]


def test_no_window_reaches_across_a_change_of_phase() -> None:
    """Even within one block."""
    windows = Windows(Every(seconds=1))
    rows = [(0.0, 1, 1.0), (0.1, 1, 3.0), (0.2, 1, 10.0), (0.3, 1, 20.0)]
    found = windows.feed([_block(rows, phases=("train", "train", "val", "val"))], None)
    assert [(row.phases, *_told([row])) for row in found] == [
        (("train",), (1, (2.0,), 2)),
        (("val",), (1, (15.0,), 2)),
    ]


def test_rows_of_two_threads_meet_in_their_window() -> None:
    """In whatever order their blocks come."""
    windows = Windows(Every(seconds=1))
    late, early = _block([(0.6, 2, 4.0), (1.2, 3, 9.0)]), _block([(0.0, 1, 2.0)])
    assert _told(windows.feed([late, early], _START + 1.3)) == [(2, (3.0,), 2)]
    assert _told(windows.feed([], None)) == [(3, (9.0,), 1)]


@pytest.mark.parametrize(
    ("values", "mean"),
    [
        ((1.0, math.inf), math.inf),
        ((math.inf, -math.inf), math.nan),
        ((1.0, math.nan), math.nan),
        ((1.5e308, 1.5e308), math.inf),
    ],
)
def test_values_without_a_finite_mean_pass_without_a_warning(
    values: tuple[float, float], mean: float
) -> None:
    """What is not finite is kept as such."""
    windows = Windows(Every(seconds=1))
    block = _block([(0.0, 1, values[0]), (0.1, 2, values[1])])
    ((_, (found,), logged),) = _told(windows.feed([block], None))
    assert (str(found), logged) == (str(mean), 2)


def test_window_shorter_than_the_clock_can_tell_comes_to_an_end() -> None:
    """Wall clocks of today resolve a quarter of a microsecond."""
    windows = Windows(Every(seconds=1e-9))
    block = _block([(0.0, 1, 1.0), (0.5, 2, 3.0)])
    assert _told(windows.feed([block], None)) == [(1, (1.0,), 1), (2, (3.0,), 1)]


def test_windows_that_grow_last_a_fiftieth_of_the_time_so_far() -> None:
    """From the least to the most that was said: a long run has few more rows than a short one."""
    windows = Windows(Every(seconds=0.2, grows_to=2))
    times = np.arange(0, 200, 0.02)
    block = _block([(at, step, 1.0) for step, at in enumerate(times)])
    ends = times[[int(row.steps[0]) for row in windows.feed([block], None)]]

    assert len(ends[ends < 10]) == pytest.approx(50, abs=5)
    assert len(ends[ends < 100]) == pytest.approx(165, abs=10)
    assert np.diff(ends).min() == pytest.approx(0.2, abs=0.03)
    assert np.diff(ends[ends > 110])[:-1] == pytest.approx(2, abs=0.03)


def test_windows_last_as_long_as_was_said() -> None:
    """However long the run."""
    windows = Windows(Every(seconds=0.2))
    block = _block([(at, 1, 1.0) for at in np.arange(0, 400, 0.06)])  # four in a window
    assert len(windows.feed([block], None)) == 1667


def test_an_open_window_is_not_looked_at_before_it_can_be_over() -> None:
    """Each look at the numbers costs the training half a millisecond."""
    windows = Windows(Every(seconds=1))
    assert windows.wait == 0  # nothing is open
    windows.feed([_block([(0.0, 1, 1.0)])], _START + 0.4)
    assert windows.wait == pytest.approx(0.6)
    windows.feed([], _START - 3600)  # the clock was set back
    assert windows.wait == pytest.approx(1)
    windows.feed([], _START + 1)
    assert windows.wait == 0
