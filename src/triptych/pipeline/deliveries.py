"""`Deliveries`: all the sinks of a run, asked as one."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

from triptych.pipeline.cadence import Route
from triptych.pipeline.clock import StepClock
from triptych.pipeline.delivery import Delivery, is_recording, keeper_for
from triptych.pipeline.ending import Ending
from triptych.pipeline.journal import Journal
from triptych.pipeline.ledger import Ledger
from triptych.pipeline.numbers import Listener
from triptych.pipeline.records import Failure, Record, RunInfo, Status
from triptych.pipeline.totals import SinkTotals, Totals
from triptych.pipeline.worker import FlushRequest

log = logging.getLogger("triptych")

GATHER = 2.0  # seconds that numbers wait for the recording at least; see `Portions`
OPENING = 60.0  # seconds that the sinks may take to open before training starts without them


class Deliveries(dict[str, Delivery]):
    """The deliveries of a run by the names of their sinks; empty on ranks that do not write."""

    @classmethod
    def along(cls, routes: Iterable[Route], clock: StepClock, journal: Path) -> tuple[Self, Ledger]:
        """Make them, and the ledger that they read.

        Args:
            routes: The sinks and how often each wants what; of those of one name the second is
                "name-2".
            clock: The step.
            journal: The folder of what is to survive a kill, used if there is a recording.
        """
        routes = list(routes)
        ledger = Ledger(Journal(journal if any(map(is_recording, routes)) else None))
        made = cls()
        for route in routes:
            reader = ledger.reader(clock) if route.numbers is not False else None
            name, count = route.sink.name, 2
            while name in made:
                name, count = f"{route.sink.name}-{count}", count + 1
            keeper = keeper_for(route, reader, ledger.journal)
            gather = GATHER if keeper is not None and is_recording(route) else 0.0
            made[name] = Delivery(route, reader, keeper=keeper, gather=gather)
        return made, ledger

    def open(self, info: RunInfo, settle: Callable[[bool], None]) -> None:
        """Start the workers and wait until their sinks are open: not at step 1, but before it.

        Args:
            info: What the sinks are told.
            settle: What the workers call before they read.
        """
        for delivery in self.values():
            delivery.numbers.before_read = settle
            delivery.start(info)
        deadline = time.monotonic() + OPENING
        for name, delivery in self.items():
            if not delivery.wait_open(max(0.0, deadline - time.monotonic())):
                log.error(
                    "The %s sink takes more than %.0f s to open; training starts.", name, OPENING
                )

    # ---- what they know

    @property
    def totals(self) -> dict[str, SinkTotals]:
        """What each sink was given and what became of it."""
        return {name: delivery.snapshot() for name, delivery in self.items()}

    @property
    def hints(self) -> dict[str, str]:
        """For each sink the command or address that opens what it has written, or ""."""
        return {name: str(getattr(one.sink, "hint", "")) for name, one in self.items()}

    @property
    def latest(self) -> dict[str, float]:
        """The newest value of every number that a sink has read."""
        newest: dict[str, tuple[float, float]] = {}
        for delivery in self.values():
            for path, entry in list(delivery.numbers.latest.items()):
                newest[path] = max(entry, newest.get(path, entry), key=lambda one: one[0])
        return {path: value for path, (_, value) in sorted(newest.items())}

    @property
    def unspoken(self) -> dict[str, str] | None:
        """What kept sinks from opening, where none is left that would say so; else None."""
        if any(one.problem is None and one.speaks for one in self.values()):
            return None
        problems = {name: one.problem for name, one in self.items() if one.problem is not None}
        return {name: f"{type(one).__name__}: {one}" for name, one in problems.items()}

    @property
    def recoverable(self) -> bool:
        """Whether the journal may hold what a durable sink should have, and has not."""
        return any(delivery.recoverable for delivery in self.values())

    # ---- who reads along

    def listen(self, listener: Listener) -> None:
        """Have a function called with every number, once, on a worker."""
        reading = next((one for one in self.values() if one.numbers.wanted), None)
        if reading is not None:
            reading.numbers.listeners.append(listener)

    def unlisten(self, listener: Listener) -> None:
        """Have it called no longer."""
        for delivery in self.values():  # new lists: a worker may be going through the old ones
            numbers = delivery.numbers
            numbers.listeners = [one for one in numbers.listeners if one != listener]

    # ---- what they are asked to do

    def flush(self, deadline: float) -> bool:
        """Hand over all that was accepted so far; whether all of it has arrived."""
        return _wait([delivery.begin_flush(deadline) for delivery in self.values()])

    def begin_attempt(self, info: RunInfo, deadline: float) -> bool:
        """As `flush`, and then training starts again within the run."""
        return _wait([delivery.begin_attempt(info, deadline) for delivery in self.values()])

    def hand_in(self, record: Record) -> bool:
        """Give files to the sinks that take some, when the recording is closed; whether any does.

        Before `close`.
        """
        recording = next((one for one in self.values() if one.durable), None)
        takers = [one for one in self.values() if one.takes_files]
        if recording is None:
            return False
        for delivery in takers:
            delivery.put_last(record, after=recording)
        return bool(takers)

    def close(
        self,
        status: Status,
        failure: Failure | None,
        deadline: float,
        count: Callable[[], Totals],
    ) -> bool:
        """Deliver what is left and close the sinks; whether all of it has arrived.

        Args:
            status: How the run ended.
            failure: What ended it, or None.
            deadline: Until when, in `time.monotonic` seconds.
            count: Gives what was taken in and what became of it so far.
        """
        ending = Ending(status, failure, deadline, count=count, sinks=len(self))
        for delivery in self.values():
            delivery.begin_close(ending)
        arrived = [delivery.wait_closed(ending.deadline) for delivery in self.values()]
        return all(arrived)


def _wait(requests: Iterable[FlushRequest]) -> bool:
    arrived = [request.wait() for request in requests]  # for each, also after a False
    return all(arrived)
