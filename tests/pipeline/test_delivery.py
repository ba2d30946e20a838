"""Delivery: what becomes of everything that was accepted, whatever a sink does."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from tests.support.faults import Fault
from tests.support.pipe import Pipe
from tests.support.sinks import GatedSink, SlowSink
from tests.support.threads import wait_until
from triptych.pipeline.cadence import Every, Limit, Route
from triptych.pipeline.records import Batch, Event
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
        latest = {
            path: value for path, (_, value) in pipe.deliveries["memory"].numbers.latest.items()
        }
    assert latest == {"a": 7.5, "b": -2.0}


@pytest.mark.filterwarnings("ignore:run.log was called after")
def test_everything_accepted_is_delivered_or_counted_while_threads_log_into_the_close(
    fault: Fault,
) -> None:
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
    fault("threads", case="into the close", kept="all that was accepted", shed="what came too late")


def test_numbers_for_a_reader_come_within_a_second_and_never_behind_words() -> None:
    """To look for them costs training half a millisecond; what was said since brings them along."""
    sink = MemorySink()
    with Pipe(Route(sink, numbers=Every(seconds=2, keep="first"))) as pipe:
        wait_until(lambda: not pipe.deliveries["memory"].numbers.due)
        pipe.log({"a": 1})
        wait_until(lambda: sink.numbers, timeout=2)

        wait_until(lambda: not pipe.deliveries["memory"].numbers.due)
        pipe.log({"b": 2})
        pipe.event("marker")
        wait_until(lambda: _texts(sink))
        assert sink.numbers["b"] == [(0, 2.0)]
