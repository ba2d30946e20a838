"""The thread of a delivery, and what others ask of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from triptych.pipeline.records import RunInfo

_here = threading.local()


def on_worker() -> bool:
    """Whether the calling thread delivers to a sink: what it logs must not go round."""
    return getattr(_here, "works", False)


class Worker(threading.Thread):
    """A daemon thread: it holds up no exit.

    Args:
        name: Of the sink that it works for.
        work: What it does.
        end: Asks it to come to an end by a deadline, in `time.monotonic` seconds.
    """

    def __init__(self, name: str, work: Callable[[], None], end: Callable[[float], None]) -> None:
        super().__init__(name=f"triptych-{name}", daemon=True)
        self._work = work
        self._ask_to_end = end

    def run(self) -> None:
        """Work, marked as a worker."""
        _here.works = True
        self._work()

    def stop(self, timeout: float = 10.0) -> None:
        """Deliver what is left and end, though the run is open.

        For those who find daemon threads that nobody has ended and stop them by this name, as
        Lightning's test suite does.
        """
        self._ask_to_end(time.monotonic() + timeout)
        self.join(timeout)


@dataclass(frozen=True, slots=True)
class FlushRequest:
    """Somebody waits until all that was accepted so far has been handed over.

    Attributes:
        deadline: Until when, in `time.monotonic` seconds.
        next_attempt: What the sink is then told about the attempt that begins; None in a flush.
    """

    deadline: float
    next_attempt: RunInfo | None = None
    _done: threading.Event = field(default_factory=threading.Event)
    _result: list[bool] = field(default_factory=list)

    def answer(self, *, arrived: bool) -> None:
        """Say how it went; the worker does."""
        self._result.append(arrived)
        self._done.set()

    def wait(self) -> bool:
        """Wait for the answer until the deadline; False if there was none, or something is lost."""
        return self._done.wait(max(0.0, self.deadline - time.monotonic())) and self._result[0]
