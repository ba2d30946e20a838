"""`MemorySink`: keeps everything in memory, for tests and for notebooks."""

from __future__ import annotations

from triptych.pipeline.records import Batch, Failure, Record, RunInfo, Status


class MemorySink:
    """Keeps everything it is given.

    Read it after `run.flush()` or `run.close()`: until then its worker may be writing.

    Attributes:
        info: What it learned about the run.
        numbers: For each path, (step, value) in the order of arrival.
        records: Everything that is not a number.
        status: How the run ended; None while it is open.
        error: What ended it, or None.
    """

    name = "memory"

    def __init__(self) -> None:
        self.info: RunInfo | None = None
        self.numbers: dict[str, list[tuple[int, float]]] = {}
        self.records: list[Record] = []
        self.status: Status | None = None
        self.error: Failure | None = None

    def open(self, info: RunInfo) -> None:
        """Remember the run."""
        self.info = info

    def write(self, batch: Batch) -> None:
        """Keep a batch."""
        for block in batch.columns:
            steps = block.steps.tolist()
            for path, column in zip(block.paths, block.values.T, strict=True):
                self.numbers.setdefault(path, []).extend(zip(steps, column.tolist(), strict=True))
        self.records += batch.records

    def flush(self, deadline: float) -> None:
        """Nothing waits."""

    def close(self, status: Status, error: Failure | None, deadline: float) -> None:  # noqa: ARG002
        """Remember how the run ended."""
        self.status, self.error = status, error
