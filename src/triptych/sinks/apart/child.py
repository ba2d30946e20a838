"""`serve`: what the process of a sink does."""

from __future__ import annotations

import logging
import logging.handlers
import os
import select
import signal
import sys
import time
from contextlib import suppress
from typing import Any

from triptych.sinks.apart.calls import Answer, call
from triptych.sinks.apart.wire import Unsendable, Wire

_LOOK = 1.0  # seconds between two looks whether the process that trains is there
_NICE = 10  # a tenth of the processor time of an ordinary process, if both want all of one
_LEAVING = 5.0  # seconds that the sink may take to let go when it is not


def serve() -> None:
    """Do what is asked for, until nobody is there to ask."""
    for number in (signal.SIGINT, signal.SIGTERM):  # the other process says when it is over
        signal.signal(number, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(_NICE)  # training comes first
    incoming, outgoing = _take_standard_streams()
    work = _Work()
    wire = Wire(incoming, outgoing)
    parent = os.getppid()
    with suppress(EOFError, OSError):
        while _wait(incoming, parent):
            try:
                wire.send(work.do(*wire.receive()))
            except Unsendable as problem:
                wire.send(str(problem))
    work.leave()
    os._exit(0)  # no hook of an SDK may wait for anything here


class _Work:
    """One sink after the other."""

    def __init__(self) -> None:
        self._sink: Any = None
        self._opens_with: dict[str, str] = {}
        self._lines: list[logging.LogRecord] = []
        logging.captureWarnings(True)
        logging.getLogger("triptych").setLevel(logging.INFO)
        logging.getLogger().addHandler(_Keeping(self._lines))

    def do(self, what: str, given: tuple[Any, ...], news: dict[str, str]) -> Answer:
        """Call the sink."""
        self._opens_with.update(news)
        if what == "begin":
            self._begin(*given)
        elif what in ("open", "next_attempt"):
            self._opens_with = given[0].opens_with  # which the sink reads late
        answer = call(self._sink, what, given)
        if what == "close":
            self._sink = None
        lines, self._lines[:] = self._lines[:], []
        return answer.sendable(lines)

    def _begin(self, sink: Any, folder: str, environment: dict[str, str]) -> None:
        self._sink = sink
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)

    def leave(self) -> None:
        """The process that trains is gone: what has come is kept."""
        let_go = getattr(self._sink, "let_go", None)
        if let_go is not None:
            with suppress(Exception):
                let_go(time.monotonic() + _LEAVING)


class _Keeping(logging.handlers.QueueHandler):
    """Keeps lines until the next answer, made fit for pickling."""

    def __init__(self, lines: list[logging.LogRecord]) -> None:
        super().__init__(lines)  # type: ignore[arg-type]

    def enqueue(self, record: logging.LogRecord) -> None:
        self.queue.append(record)  # type: ignore[attr-defined]


def _take_standard_streams() -> tuple[int, int]:
    """The pipes; whatever is printed from now on goes where errors go."""
    incoming, outgoing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return incoming, outgoing


def _wait(incoming: int, parent: int) -> bool:
    """Wait for a message; False if the other process has ended, though a pipe may be open."""
    if sys.platform == "win32":
        return True
    while not select.select([incoming], [], [], _LOOK)[0]:
        if os.getppid() != parent:
            return False
    return True
