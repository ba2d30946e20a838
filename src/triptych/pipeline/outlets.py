"""`Outlets`: the sinks as seen from the calling thread; each record goes to those that want it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from typing import Any

from triptych.pipeline.budget import Budget
from triptych.pipeline.delivery import Delivery
from triptych.pipeline.journal import Journal
from triptych.pipeline.records import Foreign, Record, Stamp


class Outlets:
    """Hands records to the buffers of the sinks. Nobody waits here for longer than a moment.

    Args:
        deliveries: The sinks; empty on ranks that do not write.
        budget: Which pictures are too many.
        journal: Where numbers and words survive a kill.

    Attributes:
        budget: The same.
        journal: The same.
        open: Whether anything is taken. False from the start on ranks that do not write.
    """

    def __init__(
        self, deliveries: Mapping[str, Delivery], budget: Budget, journal: Journal
    ) -> None:
        self.open = bool(deliveries)
        self.budget = budget
        self.journal = journal
        self._deliveries = tuple(deliveries.values())
        # Held for a moment, and nobody waits under it. An RLock: a signal handler may log then.
        self._lock = threading.RLock()

    @property
    def takes_files(self) -> bool:
        """Whether a sink would do something with files."""
        return any(delivery.takes_files for delivery in self._deliveries)

    def put(self, record: Record, *, local: bool = False) -> None:
        """Hand a record to every sink; a local one only to those that take local words."""
        with self._lock:
            for delivery in self._deliveries if self.open else ():
                if not local or delivery.takes_local(record):
                    delivery.put(record)
        if self.open:  # after it was put: what the journal holds is on its way
            self.journal.write(record)

    def upload(self, record: Record) -> None:
        """Hand files to the sinks that take some."""
        with self._lock:
            for delivery in self._deliveries if self.open else ():
                if delivery.takes_files:
                    delivery.put(record)

    def show(self, record: Record, *, except_to: Collection[str]) -> None:
        """Hand a visual of ours to the sinks that want it, except those of these names."""
        with self._lock:
            for delivery in self._deliveries if self.open else ():
                if delivery.sink.name not in except_to and delivery.due(record.path, record.stamp):
                    delivery.put(record)

    def close(self) -> None:
        """Take nothing any more; whoever is putting something now has put it afterwards."""
        with self._lock:
            self.open = False
        self.budget.overhead.end()

    def abandon(self) -> None:
        """Take nothing any more, in silence: this is a forked child."""
        self.open = False
        self._lock = threading.RLock()  # a thread that lives in the parent may hold the other one
        self.journal.abandon()

    def _takers(self, path: str, stamp: Stamp) -> list[Delivery]:
        """Who wants a visual at this path here and now."""
        with self._lock:
            takers = [delivery for delivery in self._deliveries if delivery.due(path, stamp)]
            reason = self.budget.refuses(path) if takers else None
            if reason is None:
                return takers
            for delivery in takers:
                delivery.skip(path, reason)
            return []

    def _hand_out(self, path: str, stamp: Stamp, value: Any, takers: list[Delivery]) -> None:
        """Give it to them, in the form that each can show."""
        record = Record(path, stamp, value)
        elsewhere: Record | None = record
        if isinstance(value, Foreign):
            elsewhere = Record(path, stamp, value.visual) if value.visual is not None else None
        with self._lock:
            for delivery in takers if self.open else ():
                at_home = isinstance(value, Foreign) and delivery.family == value.home
                shown = record if at_home else elsewhere
                if shown is None:
                    delivery.skip(path)
                else:
                    delivery.put(shown)
