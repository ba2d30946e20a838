"""`Handover`: gives batches to one sink, and counts what becomes of each."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from triptych.pipeline.breaker import LONGEST_PAUSE, Breaker
from triptych.pipeline.records import Batch, Columns, Record
from triptych.pipeline.sink import NotKept, NotShown, Sink
from triptych.pipeline.totals import NOT_SHOWN, SinkTotals

log = logging.getLogger("triptych")


class Handover:
    """The last step to a sink that may raise; on its worker.

    Args:
        sink: The destination.

    Attributes:
        totals: What has become of what it was given.
        breaker: Whether it is given anything at present.
        refuses: Why nothing more is handed to it, the reason that losses are counted under; or
            None.
        problem: What kept it from opening, from going on or from closing, or None.
        owes: Whether it lacks something that the journal has.
    """

    def __init__(self, sink: Sink) -> None:
        self.totals = SinkTotals()
        self.breaker = Breaker(getattr(sink, "longest_pause", LONGEST_PAUSE))
        self.refuses: str | None = None
        self.problem: BaseException | None = None
        self.owes = False
        self._sink = sink
        self._in_hand: dict[int, Columns | Record] = {}  # taken by the worker, not counted yet
        self._left = False  # behind, because it hangs; what it had in hand is counted
        self._counting = threading.Lock()  # between a worker and whoever leaves it behind
        self._told: set[type[BaseException]] = set()

    def take(self, blocks: Iterable[Columns]) -> None:
        """Have numbers in hand: they are nowhere else any more."""
        self._in_hand.update((id(block), block) for block in blocks)

    def give(self, batch: Batch) -> None:
        """Give the sink one batch, and count what became of it."""
        self._in_hand.update((id(record), record) for record in batch.records)
        self._count(batch, self.refuses or self.attempt(batch))

    def _count(self, batch: Batch, reason: str | None) -> None:
        with self._counting:
            if self._left:
                return
            for one in (*batch.columns, *batch.records):
                del self._in_hand[id(one)]
            if reason is not None:
                self.lose(batch, reason)
            else:
                self.totals.delivered += batch.size

    def give_each(self, records: Sequence[Record]) -> None:
        """Give the sink several records at once, if there are, and count each by itself."""
        if self.refuses is not None or len(records) == 1:
            for record in records:
                self.give(Batch(records=(record,)))
            return
        write_each: Any = getattr(self._sink, "write_each", None)
        self._in_hand.update((id(record), record) for record in records)
        try:
            errors = write_each(records)
        except BaseException as error:  # noqa: BLE001
            whole = Batch(records=tuple(records))
            self._count(whole, self._judge(whole, error))
            return
        for record, problem in zip(records, errors, strict=True):
            one = Batch(records=(record,))
            self._count(one, self._judge(one, problem))

    def attempt(self, batch: Batch) -> str | None:
        """Give the sink one batch; say why it did not take it, if so."""
        try:
            self._sink.write(batch)
        except BaseException as error:  # noqa: BLE001  # whatever a sink does, training goes on
            return self._judge(batch, error)
        return self._judge(batch, None)

    def _judge(self, batch: Batch, error: BaseException | None) -> str | None:
        """Tell what went wrong with a batch, and under which reason it counts as lost, if so."""
        if isinstance(error, NotShown):
            self.tell(error, "cannot show a value")
            return NOT_SHOWN
        if isinstance(error, NotKept):
            self.tell(error.__cause__ or error, "could not keep what it has shown")
            return "error"
        if error is not None:
            self._blame(error, batch)
            return "error"
        if self.breaker.worked():
            log.warning("The %s sink works again.", self._sink.name)
            self._told.clear()  # the next outage is news
        return None

    def lose(self, batch: Batch, reason: str) -> None:
        """Count a batch as lost."""
        self.owes |= reason != NOT_SHOWN and (
            bool(batch.columns) or not all(record.sheddable for record in batch.records)
        )
        for record in batch.records:
            self.totals.lose(reason, record.path)
        for block in batch.columns:
            for path in block.paths:
                self.totals.lose(reason, path, block.logged)

    def give_up(self, error: BaseException, reason: str, what: str) -> None:
        """Hand nothing more to the sink, because of an error."""
        self.problem, self.refuses = error, reason
        self.tell(error, what)

    def refuse(self) -> None:
        """Hand nothing more to the sink, because its time is over."""
        self.refuses = self.refuses or "unsent"

    def leave(self, rest: Callable[[], Iterable[Columns | Record]]) -> None:
        """The sink hangs in a call: count what its worker has in hand, and the rest, as unsent."""
        with self._counting:
            self._left = True
            held = [*self._in_hand.values(), *rest()]
            columns = tuple(one for one in held if isinstance(one, Columns))
            records = tuple(one for one in held if isinstance(one, Record))
            self.lose(Batch(columns, records), "unsent")

    def tell(self, error: BaseException, what: str) -> None:
        """Say it once for each kind of error."""
        if type(error) in self._told:
            return
        self._told.add(type(error))
        log.error(
            "The %s sink %s: %s: %s. Training and the other sinks go on; losses are counted.",
            self._sink.name,
            what,
            type(error).__name__,
            error,
        )

    def _blame(self, error: BaseException, batch: Batch) -> None:
        """Tell of a failure, and count it as the sink's, unless a visual is not what it seemed."""
        visuals = [record.path for record in batch.records if record.sheddable]
        if visuals and isinstance(error, TypeError | ValueError):
            self.tell(error, f"cannot show {visuals[0]!r}")
        else:
            self.breaker.failed()
            self.tell(error, "failed to take in a batch, which is lost there")
