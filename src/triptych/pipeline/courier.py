"""`Courier`: brings what waits for one sink to it, in turns."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterator

from triptych.pipeline.buffer import Buffer
from triptych.pipeline.handover import Handover
from triptych.pipeline.journal import Keeper
from triptych.pipeline.numbers import Numbers
from triptych.pipeline.records import Batch, Columns, Record
from triptych.pipeline.room import Room
from triptych.pipeline.sink import Sink

_AT_ONCE = 2 * 2**20  # bytes of records, for a sink that takes several
_FLUSH = 2.0  # seconds that a sink may take to hand what it has to the disk


class Courier:
    """Numbers and records, on the worker, in an order that serves the reader.

    Args:
        sink: The destination.
        numbers: Those that it has yet to get.
        buffer: The records that wait for it.
        handover: The last step.
        keeper: What is told when the sink has handed things to the disk; None for a sink after
            whose death nothing is left.
        turn: Seconds that records of one kind may take before others have their turn.

    Attributes:
        backlog: Whether there was more than one turn could bring.
        closing: Whether this is the end: the last room on a disk may be used.
        flushed: Whether the sink has come to a good end of its last flush.
    """

    def __init__(
        self,
        sink: Sink,
        numbers: Numbers,
        buffer: Buffer,
        handover: Handover,
        keeper: Keeper | None,
        turn: float,
    ) -> None:
        self.backlog = False
        self.closing = False
        self.flushed = True
        self._sink = sink
        self._numbers = numbers
        self._buffer = buffer
        self._handover = handover
        self._keeper = keeper
        self._turn = turn
        self._at_once = _AT_ONCE if hasattr(sink, "write_each") else 1
        self._room = Room(sink.name)
        self._lost_before = 0  # what earlier flushes have answered for

    def drain(self, deadline: float) -> bool:
        """Deliver until nothing is left, windows included, then flush the sink.

        Returns:
            Whether all that was accepted since the last flush has arrived.
        """
        self._handover.breaker.try_now()
        while self.deliver(now=None):
            if time.monotonic() > deadline:
                return False
        if self._handover.refuses is None:
            try:
                self._sink.flush(deadline)
            except BaseException as error:  # noqa: BLE001
                self.flushed = False
                self._handover.tell(error, "could not be flushed")
                return False
            self.flushed = True
        missing = self._handover.totals.missing
        lost, self._lost_before = missing - self._lost_before, missing
        return self._handover.refuses is None and not lost and not self._room.full

    def abandon(self) -> None:
        """Count what is still there as unsent: the sink is given nothing any more."""
        self._handover.refuse()
        self._handover.breaker.try_now()
        while self.deliver(now=None):
            pass

    def deliver(self, now: float | None) -> bool:
        """Hand over what waits; False when there was nothing. `now` is None in a flush."""
        handover, numbers = self._handover, self._numbers
        if now is not None and not (self._buffer or numbers.due):
            self.backlog = False
            return False
        if handover.refuses is None and (handover.breaker.open or not self._has_room()):
            self.backlog = False
            return False
        if self._keeper is not None:
            self._keeper.begin()
        blocks = numbers.read(now)
        handover.take(blocks)
        taken = 0
        if numbers.go_with_words:
            taken += self._hand_over_in_order(blocks)
        elif blocks:
            handover.give(Batch(columns=tuple(blocks)))
        for waiting in (self._buffer.vital, self._buffer.visuals):
            taken += self._hand_over_records(waiting)
        self.backlog = numbers.pending or bool(self._buffer)
        self._hand_to_disk()
        return bool(blocks or taken or self.backlog)

    def _has_room(self) -> bool:
        place = getattr(self._sink, "place", None)
        return self._room.look(place, at_end=self.closing)

    def _hand_to_disk(self) -> None:
        """Let the journal go of what the sink has, once that is worth a flush."""
        if self._keeper is None or self._handover.refuses or not self._keeper.waits:
            return
        if self._buffer.vital or self._numbers.held_back:
            return
        if self._handover.owes:  # it would let go of what was lost, too
            return
        try:
            self._sink.flush(time.monotonic() + _FLUSH)
        except BaseException as error:  # noqa: BLE001
            self._handover.tell(error, "could not be flushed")
        else:
            self._keeper.settle()

    def _hand_over_in_order(self, rows: list[Columns]) -> int:
        """Rows of one step together, and the words said before each of them; how many words."""
        taken = 0
        together: list[Columns] = []
        for row in rows:
            when = float(row.times[0])
            spoken = bool(self._buffer.vital) and self._buffer.vital[0].stamp.time < when
            if together and (spoken or _place(row) != _place(together[0])):
                self._handover.give(Batch(columns=tuple(together)))
                together = []
            taken += self._hand_over_records(self._buffer.vital, before=when)
            together.append(row)
        if together:
            self._handover.give(Batch(columns=tuple(together)))
        return taken

    def _hand_over_records(self, waiting: deque[Record], before: float = math.inf) -> int:
        """Hand over records, those stamped before a moment; say how many."""
        # Not until it is empty: pictures that come as fast as they go must not keep numbers, words
        # and a flush from their turn.
        until = time.monotonic() + self._turn
        taken = 0
        while waiting and not self._handover.breaker.open and time.monotonic() < until:
            records = list(self._next(waiting, before))
            if not records:
                break
            taken += len(records)
            self._handover.give_each(records)
            for record in records:
                self._buffer.taken(record)
        return taken

    def _next(self, waiting: deque[Record], before: float) -> Iterator[Record]:
        """Some records, no more than a sink takes in at once."""
        size = 0
        try:
            while size < self._at_once and waiting[0].stamp.time < before:
                record = waiting.popleft()
                size += 1 + record.value.nbytes
                yield record
        except IndexError:  # there are no more, or they were shed in between
            return


def _place(row: Columns) -> tuple[int, int, str]:
    """Step, epoch and phase of a row."""
    return int(row.steps[0]), int(row.epochs[0]), row.phases[0]
