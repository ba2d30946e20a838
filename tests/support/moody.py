"""Sinks with moods of their own, from a seed: they raise, are slow, or hang from some moment on."""

from __future__ import annotations

import random
import threading
from collections import Counter

from triptych.pipeline.records import Batch
from triptych.sinks.memory import MemorySink
from triptych.sinks.rerun import RerunSink
from triptych.sinks.wandb import WandbSink

_ERRORS = (OSError("no"), ValueError("no"), KeyboardInterrupt(), SystemExit(3), MemoryError())


class _Moody:
    """Stands before a sink, and counts what that one has really taken in.

    Attributes:
        kept: Values by path.
        hangs_at: With which batch it begins to hang; 0 for never.
    """

    name: str
    longest_pause = 0.05
    hangs_at = 0

    def begin(self, seed: int) -> None:
        """Choose a temper."""
        self.apart = False  # so that it can be asked what it has kept
        self.kept: Counter[str] = Counter()
        self._moods = random.Random(f"{seed} {self.name}")  # noqa: S311
        self._raises = self._moods.choice([0, 0.05, 0.5])
        self._written = 0

    def write(self, batch: Batch) -> None:
        """Take in a batch, or not."""
        self._written += 1
        if self._written == self.hangs_at:
            threading.Event().wait()
        mood = self._moods.random()
        if mood < self._raises:
            raise self._moods.choice(_ERRORS)
        if mood > 0.95:
            threading.Event().wait(0.03)
        super().write(batch)  # type: ignore[misc]  # of the sink behind
        for block in batch.columns:
            for path in block.paths:
                self.kept[path] += block.logged
        self.kept.update(record.path for record in batch.records)


class MoodyMemory(_Moody, MemorySink):
    """In memory."""

    name = "moody"

    def __init__(self, name: str, *, hangs_at: int = 0) -> None:
        super().__init__()
        self.name, self.hangs_at = name, hangs_at


class MoodyRerun(_Moody, RerunSink):
    """A real recording."""


class MoodyWandb(_Moody, WandbSink):
    """A real W&B run."""
