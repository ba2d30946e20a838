"""Sinks that misbehave, each in one way, and otherwise keep what they get."""

from __future__ import annotations

import threading

from triptych.pipeline.records import Batch, Failure, RunInfo, Status
from triptych.sinks.memory import MemorySink


class FailingSink(MemorySink):
    """Raises in `write` as long as `fails` is an exception.

    Attributes:
        fails: What it raises; None once it has recovered.
        tries: How often it was asked to write.
        wrote: Set when it has taken in a batch.
        longest_pause: The most seconds between two tries.
    """

    name = "failing"
    longest_pause = 60.0

    def __init__(self, fails: BaseException | None) -> None:
        super().__init__()
        self.fails = fails
        self.tries = 0
        self.wrote = threading.Event()

    def write(self, batch: Batch) -> None:
        """Keep a batch, or raise."""
        self.tries += 1
        if self.fails is not None:
            raise self.fails
        super().write(batch)
        self.wrote.set()


class GatedSink(MemorySink):
    """Stands in `write` until somebody opens its gate.

    Attributes:
        gate: Set it to let everything through; a sink whose gate stays shut hangs for ever.
        waits: Set when it has come to the gate.
    """

    name = "gated"

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.waits = threading.Event()

    def write(self, batch: Batch) -> None:
        """Keep a batch once the gate is open."""
        self.waits.set()
        self.gate.wait()
        super().write(batch)


class SlowSink(MemorySink):
    """Takes its time for every record.

    Attributes:
        seconds: How long.
    """

    name = "slow"

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def write(self, batch: Batch) -> None:
        """Keep a batch, slowly."""
        threading.Event().wait(self.seconds * len(batch.records))
        super().write(batch)


class UnopenableSink(MemorySink):
    """Raises in `open`."""

    name = "unopenable"

    def open(self, info: RunInfo) -> None:
        """Raise."""
        raise ConnectionError(f"nobody listens for {info.id}")


class UnclosableSink(MemorySink):
    """Raises in `flush` and in `close`."""

    name = "unclosable"

    def flush(self, deadline: float) -> None:
        """Raise."""
        raise OSError(f"disk full, {deadline:.0f}")

    def close(self, status: Status, error: Failure | None, deadline: float) -> None:  # noqa: ARG002
        """Raise."""
        raise OSError(f"disk full, {status}")
