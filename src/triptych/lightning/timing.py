"""`Timing`: where the time of a training goes."""

from __future__ import annotations

import time


class Timing:
    """Adds up the time of batches and of what lies between them.

    Between two batches, what was neither validation nor the saving of a model counts as waiting
    for data; other callbacks are part of it.

    Args:
        processes: How many processes train side by side, each on batches of its own.
    """

    def __init__(self, processes: int = 1) -> None:
        self._processes = processes
        self._batch_began: float | None = None
        self._batch_ended: float | None = None
        self._validation_began: float | None = None
        self._save_began: float | None = None
        self._elsewhere = 0.0  # validation and saving since the last batch
        self._clear()

    def _clear(self) -> None:
        self._batches = self._samples = 0
        self._training = self._waiting = 0.0

    def batch_begins(self) -> None:
        """The batch is there."""
        now = time.perf_counter()
        if self._batch_ended is not None:
            self._waiting += max(0.0, now - self._batch_ended - self._elsewhere)
        self._batch_began, self._elsewhere = now, 0.0

    def batch_ends(self, samples: int) -> None:
        """The batch is trained on."""
        self._batch_ended = time.perf_counter()
        if self._batch_began is not None:
            self._training += self._batch_ended - self._batch_began
            self._batches += 1
            self._samples += samples

    def epoch_begins(self) -> None:
        """Nothing but the first batch is waited for; what was before belongs to no batch."""
        self._batch_ended, self._elsewhere = time.perf_counter(), 0.0

    def validation_begins(self) -> None:
        """The training stands still."""
        self._validation_began = time.perf_counter()

    def validation_ends(self) -> dict[str, float]:
        """How long it took."""
        seconds, self._validation_began = self._since(self._validation_began), None
        return {"time/validation": seconds}

    def save_begins(self) -> None:
        """A model is being saved."""
        self._save_began = time.perf_counter()

    def save_ends(self) -> dict[str, float]:
        """How long it took; nothing if nobody saw it begin."""
        if self._save_began is None:
            return {}
        inside_validation = self._validation_began is not None
        seconds = time.perf_counter() - self._save_began
        self._save_began = None
        if not inside_validation:
            self._elsewhere += seconds
        return {"time/checkpoint": seconds}

    def window(self) -> dict[str, float]:
        """What was measured since the last window: seconds a batch, samples a second, a share."""
        total = self._training + self._waiting
        if not self._batches or total <= 0:
            return {}
        found = {
            "time/train": self._training / self._batches,
            "time/data_wait": self._waiting / self._batches,
            "throughput/data_wait_share": self._waiting / total,
        }
        if self._samples:
            found["throughput/samples_per_second"] = self._samples * self._processes / total
        self._clear()
        return found

    def _since(self, began: float | None) -> float:
        seconds = 0.0 if began is None else time.perf_counter() - began
        self._elsewhere += seconds
        return seconds
