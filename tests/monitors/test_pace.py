"""Time, throughput and waiting, by a clock that the test sets."""

from __future__ import annotations

import pytest

from triptych.monitors.pace import RECENT, Pace


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def _batch(pace: Pace, clock: Clock, *, wait: float, work: float, samples: int = 8) -> None:
    clock.now += wait
    pace.batch_begins()
    clock.now += work
    pace.batch_ends(samples)


def test_a_window_says_where_the_time_of_its_updates_went() -> None:
    """Two updates of two batches: a quarter of the time is waiting."""
    clock = Clock()
    pace = Pace(processes=2, clock=clock)
    pace.pass_begins()
    for work in (2.5, 3.5):
        _batch(pace, clock, wait=0.5, work=work / 2)
        _batch(pace, clock, wait=0.5, work=work / 2)
        pace.update_ends()

    assert pace.window() == {
        "time/step_p50": pytest.approx(3.5),
        "time/step_p95": pytest.approx(4.5),
        "time/step_p99": pytest.approx(4.5),
        "time/data_wait": pytest.approx(1.0),
        "system/data_wait": pytest.approx(25.0),
        "throughput/steps_per_second": pytest.approx(0.25),
        "throughput/samples_per_second": pytest.approx(2 * 32 / 8),
    }
    assert pace.window() == {}


def test_pauses_are_neither_work_nor_waiting() -> None:
    """A validation between batches, one within a batch, a save within a validation."""
    clock = Clock()
    pace = Pace(clock=clock)
    pace.pass_begins()
    _batch(pace, clock, wait=1, work=3)
    pace.update_ends()

    clock.now += 1  # waiting begins
    pace.pause_begins()
    clock.now += 50
    assert pace.pause_ends() == 50
    pace.batch_begins()
    clock.now += 1
    pace.pause_begins()
    clock.now += 20
    pace.pause_begins()
    clock.now += 7
    assert pace.pause_ends() == 7
    assert pace.pause_ends() == 27
    clock.now += 2
    pace.batch_ends()
    clock.now += 9
    assert pace.set_aside() == 9
    pace.update_ends()

    found = pace.window()
    assert found["time/step_p99"] == pytest.approx(4)
    assert found["system/data_wait"] == pytest.approx(25)
    assert "throughput/samples_per_second" in found


def test_what_lies_between_two_passes_belongs_to_no_batch() -> None:
    """Nor does a pause whose end was never told."""
    clock = Clock()
    pace = Pace(clock=clock)
    pace.pass_begins()
    pace.pause_begins()
    clock.now += 1000
    _batch(pace, clock, wait=0, work=2)
    pace.update_ends()
    clock.now += 1000
    pace.pass_begins()
    _batch(pace, clock, wait=0, work=2)
    pace.update_ends()

    found = pace.window()
    assert (found["time/step_p99"], found["time/data_wait"]) == (2, 0)


def test_percentiles_are_those_of_the_last_updates() -> None:
    """1, 2, … 1000 seconds: of the last 500, and the window tells of its own updates alone."""
    clock = Clock()
    pace = Pace(clock=clock)
    for seconds in range(1, 2 * RECENT + 1):
        _batch(pace, clock, wait=0, work=seconds, samples=0)
        pace.update_ends()
        if seconds == 2 * RECENT - 1:
            pace.window()

    found = pace.window()
    assert [found[f"time/step_p{p}"] for p in (50, 95, 99)] == [750, 975, 995]
    assert found["throughput/steps_per_second"] == pytest.approx(1 / 1000)
    assert "throughput/samples_per_second" not in found
