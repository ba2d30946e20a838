"""`Pace`: how long an update takes, and how much of that is waiting for data."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from math import ceil

RECENT = 500  # updates that the percentiles are about

_PERCENTILES = (50, 95, 99)


class Pace:
    """Measures the time between the events of a loop, as the host sees it.

    What lies between two batches is waiting for data; pauses (validation, saving) are neither
    waiting nor work. A device that lags behind shows where the host waits for it.

    Args:
        processes: How many processes train side by side, each on batches of its own.
        clock: Gives seconds.
    """

    def __init__(self, processes: int = 1, clock: Callable[[], float] = time.perf_counter) -> None:
        self._processes = processes
        self._clock = clock
        self._mark = clock()
        self._working = False
        self._worked = self._waited = 0.0  # in the update in hand
        self._pauses: list[float] = []  # when they began, one within the other
        self._recent: deque[float] = deque(maxlen=RECENT)
        self._clear()

    def pass_begins(self) -> None:
        """What was before belongs to no batch."""
        self._elapsed()
        self._working = False

    def batch_begins(self) -> None:
        """The batch is there; a pause of which nobody has told the end is over."""
        elapsed = self._elapsed()
        if self._pauses:
            self._pauses.clear()
        else:
            self._waited += elapsed
        self._working = True

    def batch_ends(self, samples: int = 0) -> None:
        """What was until now was work; the batch had so many samples."""
        self._worked += self._elapsed()
        self._working = False
        self._samples += samples

    def update_ends(self) -> None:
        """The batches since the last update were one update."""
        took = self._worked + self._waited
        self._recent.append(took)
        self.updates += 1
        self._total += took
        self._total_waited += self._waited
        self._worked = self._waited = 0.0

    def pause_begins(self) -> None:
        """The training stands still."""
        elapsed = self._elapsed()
        if not self._pauses and self._working:
            self._worked += elapsed
        elif not self._pauses:
            self._waited += elapsed
        self._pauses.append(self._mark)

    def pause_ends(self) -> float:
        """It goes on; gives the seconds that it stood still."""
        self._elapsed()
        return self._mark - self._pauses.pop() if self._pauses else 0.0

    def set_aside(self) -> float:
        """What was since the last event was a pause that nobody has announced; its seconds."""
        return self._elapsed()

    def window(self) -> dict[str, float]:
        """What was measured since the last window; percentiles are about the last 500 updates.

        Returns:
            "time/…" in seconds an update, "throughput/…" a second, and "system/data_wait" in
            percent of the time; empty if no update was completed.
        """
        if not self.updates or self._total <= 0:
            return {}
        ordered = sorted(self._recent)
        found = {
            f"time/step_p{percent}": ordered[ceil(len(ordered) * percent / 100) - 1]
            for percent in _PERCENTILES
        }
        found["time/data_wait"] = self._total_waited / self.updates
        found["system/data_wait"] = 100 * self._total_waited / self._total
        found["throughput/steps_per_second"] = self.updates / self._total
        if self._samples:
            samples = self._samples * self._processes
            found["throughput/samples_per_second"] = samples / self._total
        self._clear()
        return found

    def _clear(self) -> None:
        self.updates = self._samples = 0
        self._total = self._total_waited = 0.0

    def _elapsed(self) -> float:
        before, self._mark = self._mark, self._clock()
        return self._mark - before
