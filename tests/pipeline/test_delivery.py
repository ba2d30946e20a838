"""Delivery: what becomes of everything that was accepted, whatever a sink does."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from tests.support.pipe import Pipe
from tests.support.sinks import FailingSink, GatedSink, SlowSink, UnclosableSink, UnopenableSink
from tests.support.threads import wait_until
from triptych.pipeline.cadence import Every, Limit, Route
from triptych.pipeline.records import Batch, Event
from triptych.pipeline.sink import NotShown
from triptych.sinks.memory import MemorySink
from triptych.visuals import Image

_PICTURE = Image(np.zeros((10, 100), np.uint8))


def _texts(sink: MemorySink) -> list[str]:
    return [record.value.text for record in sink.records if isinstance(record.value, Event)]


def test_everything_arrives_and_is_counted() -> None:
    """Each number of a row, each picture, each marker."""
    sink = MemorySink()
    pipe = Pipe(sink)
    for step in range(3):
        pipe.clock.advance()
        pipe.log({"a": step, "b": -step, "picture": _PICTURE})
        pipe.event(f"marker {step}")
    assert pipe.flush() == {"memory": True}
    assert sink.numbers["a"] == [(1, 0.0), (2, 1.0), (3, 2.0)]
    assert sink.numbers["b"] == [(1, 0.0), (2, -1.0), (3, -2.0)]
    assert [record.stamp.step for record in sink.records if record.path == "picture"] == [1, 2, 3]
    assert _texts(sink) == ["marker 0", "marker 1", "marker 2"]
    totals = pipe.deliveries["memory"].snapshot()
    assert (totals.accepted, totals.delivered, totals.lost, totals.shed) == (12, 12, 0, {})
    assert pipe.close() == {"memory": True}


def test_one_thread_calls_a_sink_from_its_opening_to_its_end() -> None:
    """Never the one that logs."""

    class Watching(MemorySink):
        threads: set[int] = set()  # noqa: RUF012  # one instance

        def write(self, batch: Batch) -> None:
            self.threads.add(threading.get_ident())
            super().write(batch)

    sink = Watching()
    with Pipe(sink) as pipe:
        for number in range(50):
            pipe.log({"a": number, "picture": _PICTURE})
            pipe.flush()
    assert len(sink.threads) == 1
    assert threading.get_ident() not in sink.threads


def test_sink_that_raises_disturbs_no_other_and_loses_exactly_its_own() -> None:
    """Counted by path; flush and close say so."""
    failing, healthy = FailingSink(ValueError("no")), MemorySink()
    pipe = Pipe(failing, healthy)
    for step in range(4):
        pipe.log({"a": step, "b": step})
    pipe.log({"picture": _PICTURE})
    pipe.event("marker")
    assert pipe.flush() == {"failing": False, "memory": True}
    failing.fails = None
    pipe.log({"a": 4, "b": 4})
    assert pipe.flush() == {"failing": True, "memory": True}
    assert pipe.close() == {"failing": False, "memory": True}

    assert [value for _, value in healthy.numbers["a"]] == [0, 1, 2, 3, 4]
    assert [value for _, value in failing.numbers["a"]] == [4]
    totals = pipe.deliveries["failing"].snapshot()
    assert totals.shed == {"error": {"a": 4, "b": 4, "picture": 1, "events": 1}}
    assert (totals.accepted, totals.delivered, totals.lost) == (12, 2, 10)
    assert pipe.deliveries["memory"].snapshot().lost == 0


def test_loss_before_a_flush_is_told_by_that_flush() -> None:
    """Whether or not the worker had tried already when it was asked."""
    failing = FailingSink(ValueError("no"))
    with Pipe(failing) as pipe:
        pipe.log({"a": 1})
        wait_until(lambda: failing.tries)
        failing.fails = None
        assert pipe.flush() == {"failing": False}
        assert pipe.flush() == {"failing": True}


def test_each_kind_of_error_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """By name, with what is lost."""
    failing = FailingSink(None)
    with Pipe(failing) as pipe:
        for error in (ValueError("first"), ValueError("second"), OSError("third")):
            failing.fails = error
            pipe.log({"a": 1})
            pipe.flush()
        failing.fails = None
    told = [record.getMessage() for record in caplog.records if record.name == "triptych"]
    assert told == [
        f"The failing sink failed to take in a batch, which is lost there: {error}. "
        f"Training and the other sinks go on; losses are counted."
        for error in ("ValueError: first", "OSError: third")
    ]


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), MemoryError()])
def test_no_exception_ends_a_worker(error: BaseException) -> None:
    """Not even those that end a process."""
    failing = FailingSink(error)
    with Pipe(failing) as pipe:
        pipe.log({"a": 1})
        assert pipe.flush() == {"failing": False}
        failing.fails = None
        pipe.log({"a": 2})
        assert pipe.flush() == {"failing": True}


def test_breaker_opens_after_repeated_failures_and_tries_again_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """In the pause nothing is lost; when the sink works again, all of it arrives."""
    failing = FailingSink(ConnectionError("away"))
    with Pipe(failing) as pipe:
        for number in range(5):
            pipe.event(f"lost {number}")
        pipe.event("kept")
        wait_until(lambda: failing.tries == 5)
        failing.fails = None
        for number in range(10):
            pipe.event(f"kept {number}")
        assert (failing.tries, failing.records) == (5, [])  # a second of silence has begun
        assert failing.wrote.wait(10)
        assert pipe.flush() == {"failing": False}  # it answers for the first five
    assert _texts(failing) == ["kept", *[f"kept {number}" for number in range(10)]]
    assert pipe.deliveries["failing"].snapshot().shed == {"error": {"events": 5}}
    assert "The failing sink works again." in caplog.messages


def test_sink_that_cannot_open_stays_out_and_all_it_missed_is_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The others go on."""
    healthy = MemorySink()
    pipe = Pipe(UnopenableSink(), healthy)
    pipe.log({"a": 1, "b": 2})
    pipe.event("marker")
    assert pipe.flush() == {"unopenable": False, "memory": True}
    assert pipe.close() == {"unopenable": False, "memory": True}
    totals = pipe.deliveries["unopenable"].snapshot()
    assert totals.shed == {"not open": {"a": 1, "b": 1, "events": 1}}
    assert (totals.accepted, totals.delivered) == (3, 0)
    (told,) = [record.getMessage() for record in caplog.records]
    assert told.startswith("The unopenable sink could not be opened and stays out of this run:")
    assert "ConnectionError: nobody listens for some-run" in told


def test_sink_that_cannot_flush_or_close_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """What it took in counts as delivered, but nobody says that it arrived."""
    pipe = Pipe(UnclosableSink())
    pipe.log({"a": 1})
    assert pipe.flush() == {"unclosable": False}
    assert pipe.close() == {"unclosable": False}
    assert "disk full" in caplog.text


def test_hanging_sink_holds_up_flush_and_close_until_their_deadline_only() -> None:
    """The other sink is closed as it should be."""
    hanging, healthy = GatedSink(), MemorySink()
    pipe = Pipe(hanging, healthy)
    pipe.log({"a": 1})
    assert hanging.waits.wait(10)
    began = time.monotonic()
    assert pipe.flush(timeout=0.2) == {"gated": False, "memory": True}
    assert pipe.close(timeout=0.2) == {"gated": False, "memory": True}
    assert time.monotonic() - began < 2
    assert (healthy.status, hanging.status) == ("finished", None)
    hanging.gate.set()


def test_slow_sink_is_closed_in_time_and_what_it_had_no_time_for_is_counted() -> None:
    """A file without an end is worth less than one picture more."""
    slow = SlowSink(0.05)
    pipe = Pipe(slow)
    for number in range(100):
        pipe.event(str(number))
    assert pipe.close(timeout=1.0) == {"slow": False}
    totals = pipe.deliveries["slow"].snapshot()
    assert slow.status == "finished"
    assert _texts(slow) == [str(number) for number in range(len(slow.records))]
    assert 0 < totals.delivered < 30
    assert totals.shed == {"unsent": {"events": 100 - totals.delivered}}


def test_pictures_that_pile_up_keep_nobody_from_their_turn() -> None:
    """Numbers and words come between them."""
    slow = SlowSink(0.02)
    pipe = Pipe(Route(slow), poll=0.05)
    for _ in range(200):
        pipe.log({"picture": _PICTURE})
    wait_until(lambda: slow.records)
    pipe.log({"a": 1})
    pipe.event("marker")
    wait_until(lambda: _texts(slow) and slow.numbers)
    assert len(slow.records) < 100
    pipe.close(timeout=0.1)


def test_oldest_pictures_are_shed_by_bytes_and_words_never() -> None:
    """A stuck sink costs pictures, counted under the path of each."""
    gated = GatedSink()
    pipe = Pipe(gated, limit=5 * _PICTURE.nbytes)
    pipe.event("first")
    assert gated.waits.wait(10)
    for number in range(20):
        pipe.log({f"picture/{number}": _PICTURE})
        pipe.event(str(number))
    gated.gate.set()
    assert pipe.close() == {"gated": False}
    shown = [record.path for record in gated.records if isinstance(record.value, Image)]
    assert shown == [f"picture/{number}" for number in range(15, 20)]
    assert _texts(gated) == ["first", *map(str, range(20))]
    totals = pipe.deliveries["gated"].snapshot()
    assert totals.shed == {"full": {f"picture/{number}": 1 for number in range(15)}}
    assert (totals.accepted, totals.delivered) == (41, 26)


def test_picture_larger_than_the_buffer_is_taken_all_the_same() -> None:
    """One may always wait."""
    sink = MemorySink()
    with Pipe(sink, limit=1) as pipe:
        pipe.log({"picture": _PICTURE})
    assert [record.path for record in sink.records] == ["picture"]


def test_value_that_a_sink_cannot_show_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    """Counted, told once, and the breaker stays shut."""
    failing = FailingSink(NotShown("no pictures here"))
    with Pipe(failing) as pipe:
        for _ in range(10):
            pipe.log({"picture": _PICTURE})
        pipe.flush()
    assert failing.tries == 10
    assert pipe.deliveries["failing"].snapshot().shed == {"not shown": {"picture": 10}}
    assert len(caplog.messages) == 1
    assert "NotShown: no pictures here" in caplog.text


def test_route_thins_numbers_and_pictures_for_its_sink_alone() -> None:
    """The other sink gets everything; a window counts with all its values."""
    thin, whole = MemorySink(), MemorySink()
    thin.name = "thin"
    route = Route(thin, numbers=Every(steps=4), visuals=Limit(per_epoch=1))
    pipe = Pipe(route, whole)
    for step in range(8):
        pipe.clock.advance()
        pipe.log({"a": step, "picture": _PICTURE})
    assert pipe.close() == {"thin": True, "memory": True}
    assert thin.numbers == {"a": [(4, 1.5), (8, 5.5)]}
    assert [record.stamp.step for record in thin.records] == [1]
    assert len(whole.numbers["a"]) == len(whole.records) == 8
    totals = pipe.deliveries["thin"].snapshot()
    assert (totals.accepted, totals.delivered) == (9, 9)


def test_latest_number_of_each_path_is_known() -> None:
    """For the progress bar and the closing table."""
    with Pipe(MemorySink()) as pipe:
        for step in range(3):
            pipe.log({"a": step, "b": -step})
        pipe.log({"a": 7.5})
        pipe.flush()
        latest = {path: value for path, (_, value) in pipe.deliveries["memory"].latest.items()}
    assert latest == {"a": 7.5, "b": -2.0}


@pytest.mark.filterwarnings("ignore:run.log was called after")
def test_everything_accepted_is_delivered_or_counted_while_threads_log_into_the_close() -> None:
    """Whatever comes too late was not accepted."""
    sink = MemorySink()
    pipe = Pipe(sink, strict=False)
    over = threading.Event()

    def log() -> None:
        while not over.is_set():
            pipe.log({"picture": _PICTURE})
            pipe.event("marker")

    threads = [threading.Thread(target=log) for _ in range(4)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(sink.records) > 100)
    pipe.close()
    over.set()
    for thread in threads:
        thread.join()
    totals = pipe.deliveries["memory"].snapshot()
    assert totals.accepted == totals.delivered + totals.lost
    assert totals.delivered == len(sink.records)
