"""Logging from places where Python interrupts itself: nothing is lost, and nobody waits."""

from __future__ import annotations

import gc
import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import numpy as np
import pytest

from tests.support.faults import Fault
from tests.support.pipe import Pipe
from tests.support.threads import run_all
from triptych.panel import Panel
from triptych.pipeline.records import Event, Words
from triptych.sinks.memory import MemorySink
from triptych.visuals import Image
from triptych.words import logging_config

_COUNT = 20_000


class _Interruption:
    """Logs a number, a picture and an event each time it is called."""

    def __init__(self, pipe: Pipe) -> None:
        self.calls = 0
        self._pipe = pipe
        self._thread = threading.current_thread()
        self._image = Image(np.zeros((2, 2), np.uint8))

    def __call__(self, *_: object) -> None:
        if threading.current_thread() is not self._thread:
            return  # the collector also runs on workers, which may do so when all is over
        self.calls += 1
        call = self.calls  # the next one may come before this one is done
        self._pipe.log({"inside/number": call})
        self._pipe.log({f"inside/{call % 7}": call, "inside/x": 1.0})
        self._pipe.log({"inside/picture": self._image})
        self._pipe.event(str(call))


@contextmanager
def _alarms(handler: _Interruption) -> Iterator[None]:
    def handle(signum: int, frame: FrameType | None) -> None:
        handler(signum, frame)
        # Anew each time: on a busy machine alarms that come by themselves would interrupt their
        # own handler faster than it can end.
        signal.setitimer(signal.ITIMER_REAL, 0.0005)

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.0005)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, signal.SIG_IGN)  # one may be under way, and set the next
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _collections(handler: _Interruption) -> Iterator[None]:
    thresholds = gc.get_threshold()
    gc.callbacks.append(handler)
    gc.set_threshold(100)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.callbacks.remove(handler)


def _log_all(pipe: Pipe, kept: list[list[int]]) -> None:
    image = Image(np.zeros((2, 2), np.uint8))
    for step in range(_COUNT):
        pipe.log({"a": step, "b": step / 2})
        kept.append([step])  # a container each time: work for the collector
        if step % 100 == 0:
            pipe.log({"picture": image})
            pipe.log({f"row/{step}": step})


@pytest.mark.parametrize("source", [_alarms, _collections], ids=["signals", "collector"])
def test_logging_from_an_interruption_loses_nothing(source: object, fault: Fault) -> None:
    """A handler that logs in the middle of `log`, thousands of times, and a second thread."""
    sink = MemorySink()
    pipe = Pipe(sink)
    handler = _Interruption(pipe)
    assert callable(source)
    with source(handler):
        other = threading.Thread(target=_log_all, args=(pipe, []))
        other.start()
        _log_all(pipe, [])
        other.join()
    arrived = pipe.close()

    assert arrived == {"memory": True}
    assert handler.calls > 100
    once = list(range(_COUNT))
    assert sorted(value for _, value in sink.numbers["a"]) == sorted(map(float, once * 2))
    assert sorted(value for _, value in sink.numbers["b"]) == sorted(step / 2 for step in once * 2)
    inside = [value for _, value in sink.numbers["inside/number"]]
    assert sorted(inside) == [float(call) for call in range(1, handler.calls + 1)]
    assert len(sink.numbers["inside/x"]) == handler.calls
    said = [record.value.text for record in sink.records if isinstance(record.value, Event)]
    assert sorted(map(int, said)) == list(range(1, handler.calls + 1))
    pictures = [record.path for record in sink.records if isinstance(record.value, Image)]
    assert pictures.count("picture") == 2 * _COUNT // 100
    assert pictures.count("inside/picture") == handler.calls
    fault("reentrant", case="signals and the collector", kept="all", held=None)  # one in the other


def test_value_that_logs_when_it_is_finalised_loses_nothing(fault: Fault) -> None:
    """`__del__` runs wherever the last reference goes: here, in the midst of a row."""
    sink = MemorySink()
    pipe = Pipe(sink)

    class Last(float):
        def __del__(self) -> None:
            pipe.log({"last": float(self)})

    for step in range(1000):
        pipe.log({"a": Last(step), "b": step})
    assert pipe.close() == {"memory": True}
    expected = [float(step) for step in range(1000)]
    assert [value for _, value in sink.numbers["a"]] == expected
    assert [value for _, value in sink.numbers["last"]] == expected
    fault("reentrant", case="finalisers", kept="all")


def test_words_from_a_signal_handler_never_wait_for_each_other(fault: Fault) -> None:
    """One thread speaks, the other logs pictures and is interrupted by a handler that speaks."""
    sink = MemorySink()
    pipe = Pipe(sink)
    panel = Panel(pipe.clock, logging_config(), lambda record, _words: pipe.intake.put(record))
    panel.connect()
    logger = logging.getLogger("tests.interrupted")
    image = Image(np.zeros((2, 2), np.uint8))
    done = threading.Event()
    alarms = 0

    def speak() -> int:
        spoken = 0
        while not done.is_set():
            logger.info("thread")
            spoken += 1
        return spoken

    class Speaking(_Interruption):
        def __call__(self, *_: object) -> None:
            nonlocal alarms
            alarms += 1
            logger.info("handler")

    spoken: list[object] = []
    other = threading.Thread(target=lambda: spoken.extend(run_all(speak)))
    other.start()
    with _alarms(Speaking(pipe)):
        for _ in range(5000):
            pipe.log({"picture": image})
    done.set()
    other.join(30)
    panel.disconnect()
    pipe.close()
    texts = [record.value.text for record in sink.records if isinstance(record.value, Words)]
    assert (texts.count("handler"), texts.count("thread")) == (alarms, spoken[0])
    assert alarms > 10
    fault("reentrant", case="lines from a signal handler", kept="all")
