"""Sinks that raise, hang, or are slow: what is lost, and who is told."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tests.support.faults import Fault
from tests.support.pipe import Pipe
from tests.support.sinks import FailingSink, GatedSink, SlowSink, UnclosableSink, UnopenableSink
from tests.support.threads import wait_until
from triptych.pipeline.records import Event
from triptych.pipeline.sink import NotShown
from triptych.sinks.memory import MemorySink
from triptych.visuals import Image

_PICTURE = Image(np.zeros((10, 100), np.uint8))


def _texts(sink: MemorySink) -> list[str]:
    return [record.value.text for record in sink.records if isinstance(record.value, Event)]


def test_sink_that_raises_disturbs_no_other_and_loses_exactly_its_own(fault: Fault) -> None:
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
    fault(
        "raises", kept="all in the other sinks; what follows once it works", shed="what it refused"
    )


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
def test_no_exception_ends_a_worker(error: BaseException, fault: Fault) -> None:
    """Not even those that end a process."""
    failing = FailingSink(error)
    with Pipe(failing) as pipe:
        pipe.log({"a": 1})
        assert pipe.flush() == {"failing": False}
        failing.fails = None
        pipe.log({"a": 2})
        assert pipe.flush() == {"failing": True}
    fault("raises-exit", kept="the worker and the process; what follows", shed="what it refused")


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


def test_each_outage_is_told_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    """However many tries it takes; the next outage is news again."""
    failing = FailingSink(None)
    failing.longest_pause = 0.01
    with Pipe(failing) as pipe:
        for _ in range(2):
            failing.fails = ConnectionError("away")
            for _ in range(8):
                pipe.event("lost")
                pipe.flush()
            failing.fails = None
            pipe.event("kept")
            assert pipe.flush() == {"failing": True}
            pipe.event("kept")
            assert pipe.flush() == {"failing": True}
    assert _texts(failing) == ["kept"] * 4
    assert pipe.deliveries["failing"].snapshot().shed == {"error": {"events": 16}}
    away = (
        "The failing sink failed to take in a batch, which is lost there: ConnectionError: away. "
        "Training and the other sinks go on; losses are counted."
    )
    assert caplog.messages == [away, "The failing sink works again."] * 2


def test_sink_that_cannot_open_stays_out_and_all_it_missed_is_counted(
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
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
    fault("missing", case="opening raises", kept="the other sinks", shed="what it was given")


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


def test_slow_sink_is_closed_in_time_and_what_it_had_no_time_for_is_counted(fault: Fault) -> None:
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
    fault("slow", kept="what there was time for, in order", shed="the rest, counted as unsent")


def test_value_that_a_sink_cannot_show_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    """Counted, told once, and the breaker stays shut."""
    failing = FailingSink(NotShown("no pictures here"))
    with Pipe(failing) as pipe:
        for _ in range(10):
            pipe.log({"picture": _PICTURE})
        assert pipe.flush() == {"failing": True}
    assert failing.tries == 10
    assert pipe.close() == {"failing": True}
    assert pipe.deliveries["failing"].snapshot().shed == {"not shown": {"picture": 10}}
    assert len(caplog.messages) == 1
    assert "NotShown: no pictures here" in caplog.text
