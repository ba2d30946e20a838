"""`Pipe`: the pipeline without a run around it, from `log` to the sinks."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import Self

from triptych.pipeline.cadence import Route
from triptych.pipeline.clock import StepClock
from triptych.pipeline.delivery import Delivery
from triptych.pipeline.ending import Ending
from triptych.pipeline.intake import Intake
from triptych.pipeline.ledger import Ledger
from triptych.pipeline.records import Event, Record, RunInfo, Status
from triptych.pipeline.sink import Sink

INFO = RunInfo("some-run", "project", "name", 1, Path("nowhere"), Path("nowhere.rrd"))


class Pipe:
    """Open from the start; the end of a `with` block closes it.

    Args:
        routes: The sinks, or routes to them.
        strict: Whether values that cannot be taken raise.
        poll: Seconds between two looks of a worker.
        limit: Bytes of pictures that may wait for a sink.
    """

    def __init__(
        self,
        *routes: Sink | Route,
        strict: bool = True,
        poll: float = 0.01,
        limit: int = 2**28,
    ) -> None:
        self.clock = StepClock()
        ways = [one if isinstance(one, Route) else Route(one) for one in routes]
        ledger = Ledger()
        self.deliveries = {
            way.sink.name: Delivery(way, ledger.reader(self.clock), poll=poll, limit=limit)
            for way in ways
        }
        self.intake = Intake(self.clock, ledger, self.deliveries, strict=strict)
        for delivery in self.deliveries.values():
            delivery.numbers.before_read = self.intake.settle
            delivery.start(INFO)
            assert delivery.wait_open(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def log(self, values: object) -> None:
        """As `run.log`."""
        self.intake.log(values)

    def event(self, text: str) -> None:
        """As `run.event`."""
        self.intake.put(Record("events", self.clock.stamp(), Event(text)))

    def flush(self, timeout: float = 10.0) -> dict[str, bool]:
        """For each sink whether all has arrived."""
        deadline = time.monotonic() + timeout
        requests = {name: one.begin_flush(deadline) for name, one in self.deliveries.items()}
        return {name: request.wait() for name, request in requests.items()}

    def close(self, timeout: float = 10.0) -> dict[str, bool]:
        """For each sink whether all has arrived."""
        self.intake.close()
        deadline = time.monotonic() + timeout
        ending = Ending(Status.FINISHED, None, deadline, sinks=len(self.deliveries))
        for delivery in self.deliveries.values():
            delivery.begin_close(ending)
        return {name: one.wait_closed(deadline) for name, one in self.deliveries.items()}
