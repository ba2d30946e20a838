"""`Buffer`: the records that wait for one sink, and which of them go when it is full."""

from __future__ import annotations

import logging
from collections import deque

from triptych.pipeline.records import Record
from triptych.pipeline.totals import SinkTotals

log = logging.getLogger("triptych")


class Buffer:
    """Words, events and errors are kept while memory lasts; of visuals the oldest go first.

    Callers append and shed on the left under the run's lock, the worker takes from the left without
    one: a popleft is atomic, so each record is either taken or shed.

    Args:
        sink: The name of the sink.
        totals: Where what was shed is counted.
        limit: Bytes of visuals that may wait; one may always.

    Attributes:
        vital: Words, events, errors and the like.
        visuals: The rest.
    """

    def __init__(self, sink: str, totals: SinkTotals, limit: int) -> None:
        self.vital: deque[Record] = deque()
        self.visuals: deque[Record] = deque()
        self._sink = sink
        self._totals = totals
        self._limit = limit
        self._put_bytes = 0  # written by callers only
        self._taken_bytes = 0  # written by the worker only
        self._shed = 0
        self._shedding = False  # as it was told

    def __bool__(self) -> bool:
        return bool(self.vital or self.visuals)

    def put(self, record: Record) -> None:
        """Let a record wait. Called with the run's lock held."""
        if not record.sheddable:
            self.vital.append(record)
            return
        size = record.value.nbytes  # before `+=` reads: a signal handler may log in between
        self._put_bytes += size
        self.visuals.append(record)
        while self._bytes > self._limit and len(self.visuals) > 1:
            try:
                oldest = self.visuals.popleft()
            except IndexError:  # the worker was quicker
                break
            size = oldest.value.nbytes
            self._put_bytes -= size
            self._shed += 1
            self._totals.lose("full", oldest.path)

    def taken(self, record: Record) -> None:
        """The worker has handed it over: its room is free."""
        if record.sheddable:
            self._taken_bytes += record.value.nbytes

    def tell(self) -> None:
        """Say that visuals are shed, when that begins, and when it is over. Called by workers."""
        if self._shed and not self._shedding:
            self._shedding = True
            log.warning(
                "Pictures come faster than the %s sink takes them: the oldest of those that wait "
                "are shed, and counted. Numbers and words are all kept.",
                self._sink,
            )
        elif self._shedding and self._bytes < self._limit // 2:
            log.warning("The %s sink keeps up again; %d were shed.", self._sink, self._shed)
            self._shed, self._shedding = 0, False

    @property
    def _bytes(self) -> int:
        return self._put_bytes - self._taken_bytes
