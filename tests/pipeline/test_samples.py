"""Numbers for a person who reads along: the first at once, then some, and always the last."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.pipe import Pipe
from triptych.pipeline.cadence import Every, Route
from triptych.pipeline.records import Batch, Columns
from triptych.pipeline.samples import Samples
from triptych.sinks.memory import MemorySink


def columns(
    path: str, steps: list[int], times: list[float], *, epoch: int = 0, phase: str = "train"
) -> Columns:
    """One path whose value is its step."""
    return Columns(
        (path,),
        np.array(steps),
        np.full(len(steps), epoch),
        np.array(times),
        np.array(steps, dtype=float)[:, None],
        (phase,) * len(steps),
        len(steps),
    )


def shown(rows: list[Columns]) -> list[tuple[str, int, float, int]]:
    """Path, step, value and how many logged rows it stands for."""
    return [(row.paths[0], int(row.steps[0]), float(row.values[0, 0]), row.logged) for row in rows]


def test_the_first_row_is_shown_at_once() -> None:
    """Nobody waits for a window to be over."""
    samples = Samples(Every(seconds=10, keep="first"))

    rows = samples.feed([columns("loss", [1], [100.0])], now=100.1)

    assert shown(rows) == [("loss", 1, 1.0, 1)]


def test_rows_within_the_distance_are_counted_with_the_next_one_shown() -> None:
    """Five rows a second, one line in two seconds: every row stands behind some line."""
    samples = Samples(Every(seconds=2, keep="first"))
    steps = list(range(1, 22))

    rows = samples.feed([columns("loss", steps, [step / 5 for step in steps])], now=4.3)

    assert shown(rows) == [("loss", 1, 1.0, 1), ("loss", 11, 11.0, 10), ("loss", 21, 21.0, 10)]


def test_a_flush_shows_the_newest_row_that_was_left_out() -> None:
    """The last number of a run is always there, and everything is accounted for."""
    samples = Samples(Every(seconds=10, keep="first"))
    samples.feed([columns("loss", [1, 2, 3], [0.0, 0.1, 0.2])], now=0.3)

    rows = samples.feed([], now=None)

    assert shown(rows) == [("loss", 3, 3.0, 2)]
    assert samples.feed([], now=None) == []


def test_a_change_of_phase_shows_where_training_stood_before_what_comes_next() -> None:
    """Lines stay in the order in which things happened."""
    samples = Samples(Every(seconds=10, keep="first"))
    train = columns("train/loss", [1, 2], [0.0, 0.1])
    val = columns("val/loss", [2], [0.2], phase="val")

    rows = samples.feed([val, train], now=0.3)

    assert shown(rows) == [("train/loss", 1, 1, 1), ("train/loss", 2, 2, 1), ("val/loss", 2, 2, 1)]


def test_a_new_epoch_shows_its_first_row() -> None:
    """The distance is measured within an epoch."""
    samples = Samples(Every(seconds=10, keep="first"))
    samples.feed([columns("loss", [1], [0.0])], now=0.0)

    rows = samples.feed([columns("loss", [2], [0.1], epoch=1)], now=0.1)

    assert shown(rows) == [("loss", 2, 2.0, 1)]


def test_a_clock_that_was_set_back_silences_nothing() -> None:
    """Rows that lie before the last one shown are shown."""
    samples = Samples(Every(seconds=2, keep="first"))
    samples.feed([columns("loss", [1], [1000.0])], now=1000.0)

    rows = samples.feed([columns("loss", [2, 3], [10.0, 10.5])], now=10.6)

    assert shown(rows) == [("loss", 2, 2.0, 1)]


def test_the_distance_may_be_in_steps() -> None:
    """Every(steps=5) shows steps 1, 6 and 11."""
    samples = Samples(Every(steps=5, keep="first"))
    steps = list(range(1, 12))

    rows = samples.feed([columns("loss", steps, [0.0] * 11)], now=0.0)

    assert [row[1] for row in shown(rows)] == [1, 6, 11]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_every_row_is_accounted_for(size: int) -> None:
    """Logged rows in equals logged rows out, however they are cut."""
    samples = Samples(Every(seconds=0.05, keep="first"))
    steps = list(range(1, 2001))
    times = [step / 1000 for step in steps]
    total = 0
    for start in range(0, 2000, size):
        part = columns("loss", steps[start : start + size], times[start : start + size])
        total += sum(row.logged for row in samples.feed([part], now=times[start]))

    total += sum(row.logged for row in samples.feed([], now=None))

    assert total == 2000


def test_lines_and_numbers_reach_a_reader_in_the_order_in_which_they_happened() -> None:
    """A line that was said between two numbers stands between them."""
    order: list[str] = []

    class Reading(MemorySink):
        def write(self, batch: Batch) -> None:
            order.extend(
                f"{path} {block.steps[0]}" for block in batch.columns for path in block.paths
            )
            order.extend(str(record.path) for record in batch.records)

    pipe = Pipe(Route(Reading(), numbers=Every(seconds=60, keep="first")), poll=60)
    pipe.log({"train/loss": 0.5})
    pipe.event("between")
    pipe.log({"val/loss": 0.4})

    pipe.close()

    assert order == ["train/loss 0", "events", "val/loss 0"]
