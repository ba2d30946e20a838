"""`Clerk`: does with files what takes time, away from the training thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

log = logging.getLogger("triptych")


class Clerk:
    """Does one job after another on a daemon thread, which starts with the first.

    A job that raises is told in the log, and costs no other. Where no thread can be started any
    more, as while Python ends, jobs are done by whoever asks.
    """

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def do(self, job: Callable[[], None]) -> None:
        """Have something done. Any thread; it does not wait for that."""
        with self._starting:
            if self._thread is None:
                thread = threading.Thread(target=self._work, name="triptych-files", daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    self._do(job)
                    return
                self._thread = thread
        self._jobs.put(job)

    def settle(self, deadline: float) -> bool:
        """Wait until all that was asked for so far is done; False if it is not in time.

        Args:
            deadline: Until when, in `time.monotonic` seconds.
        """
        if self._thread is None:
            return True
        done = threading.Event()
        self._jobs.put(done.set)
        return done.wait(max(0.0, deadline - time.monotonic()))

    def finish(self, deadline: float) -> bool:
        """As `settle`; then the thread ends, and nothing can be asked for any more."""
        settled = self.settle(deadline)
        self._jobs.put(None)
        return settled

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._do(job)

    def _do(self, job: Callable[[], None]) -> None:
        try:
            job()
        except Exception:
            log.exception("Work on files of the run has failed; training goes on.")
