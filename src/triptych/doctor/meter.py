"""`Meter`: a sink that measures another one."""

from __future__ import annotations

import time
from typing import Any

from triptych.pipeline.records import Batch, Failure, RunInfo, Status
from triptych.pipeline.sink import Sink


class Meter:
    """Hands everything on, and measures what the worker of the sink takes for it.

    Args:
        sink: The one that does the work.

    Attributes:
        name: That of the sink.
        spent: Processor time of the worker since the sink was open, seconds; up to date when a
            flush has been answered.
        steps: At which the sink was given numbers.
    """

    def __init__(self, sink: Sink) -> None:
        self.name = sink.name
        self.spent = 0.0
        self.steps: set[int] = set()
        self._sink = sink
        self._opened = 0.0

    def __getattr__(self, name: str) -> Any:
        # what a sink may have besides, such as `hint` and `durable`
        return getattr(self._sink, name)

    def open(self, info: RunInfo) -> None:
        """Open it; from now on the worker's time counts."""
        self._sink.open(info)
        self._opened = time.thread_time()

    def write(self, batch: Batch) -> None:
        """Hand a batch on."""
        for columns in batch.columns:
            self.steps.update(columns.steps.tolist())
        self._sink.write(batch)

    def flush(self, deadline: float) -> None:
        """Flush it."""
        self._sink.flush(deadline)
        self.spent = time.thread_time() - self._opened

    def close(self, status: Status, error: Failure | None, deadline: float) -> None:
        """Close it."""
        self._sink.close(status, error, deadline)
