"""`Ending`: how a run ends, told to all its sinks at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from triptych.pipeline.records import Failure, Status
from triptych.pipeline.totals import Totals

_TOGETHER = 2.0  # seconds that a sink waits for the counts of the others, before its own end


class Ending:
    """What the workers are told when their run closes.

    The counts are final once each sink has been given all that waited for it. So the workers wait
    for each other, but not for long: one that hangs must not keep the others from their end.

    Args:
        status: How the run ended.
        failure: What ended it, or None.
        deadline: Until when each sink has to be closed, in `time.monotonic` seconds.
        count: Gives what was taken in and what became of it so far; None where nobody knows.
        sinks: How many workers are told.
    """

    def __init__(
        self,
        status: Status,
        failure: Failure | None,
        deadline: float,
        *,
        count: Callable[[], Totals] | None = None,
        sinks: int = 1,
    ) -> None:
        self.status = status
        self.failure = failure
        self.deadline = deadline
        self._count = count
        self._meeting = threading.Barrier(max(1, sinks))

    def totals(self) -> Totals | None:
        """Wait for the other workers, then say what became of everything. Called once by each."""
        patience = min(_TOGETHER, (self.deadline - time.monotonic()) / 4)
        with suppress(threading.BrokenBarrierError):  # one is late: its counts are those so far
            self._meeting.wait(max(0.0, patience))
        return None if self._count is None else self._count()
