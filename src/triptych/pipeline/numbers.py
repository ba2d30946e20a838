"""`Numbers`: those that a sink has yet to get, as often as its route wants them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

from triptych.pipeline.cadence import Every, Route
from triptych.pipeline.ledger import Reader
from triptych.pipeline.portions import Portions
from triptych.pipeline.records import Columns
from triptych.pipeline.samples import Samples
from triptych.pipeline.totals import SinkTotals
from triptych.pipeline.windows import Windows

Listener: TypeAlias = Callable[[list[Columns]], None]


class Numbers:
    """Reads from the ledger, and thins or gathers what it finds. On a worker.

    Args:
        route: How often the sink wants numbers.
        reader: Its place in the ledger; None if it wants none.
        totals: Where those are counted that the ledger had no room for.
        gather: Seconds for which numbers wait at least, so that few large portions reach the sink.

    Attributes:
        count: How many have been read.
        latest: Path to when the newest was logged, and its value.
        before_read: Called before each look, with whether somebody waits for all of them.
        listeners: Called with all numbers.
    """

    def __init__(
        self, route: Route, reader: Reader | None, totals: SinkTotals, gather: float
    ) -> None:
        self.count = 0
        self.latest: dict[str, tuple[float, float]] = {}
        self.before_read: Callable[[bool], None] = lambda _wait: None
        self.listeners: list[Listener] = []
        self._reader = reader
        self._totals = totals
        self._next = 0.0  # when they are read again
        self._thinning: Windows | Samples | Portions | None = None
        if route.numbers:
            self._thinning = _thinning(route.numbers)
        elif gather:
            self._thinning = Portions(gather)

    @property
    def wanted(self) -> bool:
        """Whether the sink wants any."""
        return self._reader is not None

    @property
    def pending(self) -> bool:
        """Whether there are so many that it is time to read."""
        return self._reader is not None and self._reader.pending

    @property
    def due(self) -> bool:
        """Whether a read can give anything yet."""
        return self.pending or (self.wanted and time.monotonic() >= self._next)

    @property
    def held_back(self) -> bool:
        """Whether some have been read and wait until they are worth a place in a recording."""
        return isinstance(self._thinning, Portions) and self._thinning.holds

    @property
    def go_with_words(self) -> bool:
        """Whether they are for somebody who reads along, in the order of time."""
        return isinstance(self._thinning, Samples)

    def stretch(self, factor: int) -> None:
        """Let windows last so many times as long."""
        if isinstance(self._thinning, Windows):
            self._thinning.stretch = factor

    def read(self, now: float | None) -> list[Columns]:
        """What the sink is to get now.

        Args:
            now: Wall clock in seconds; None gives everything (a flush).
        """
        if self._reader is None or not (now is None or self.go_with_words or self.due):
            return []
        self.before_read(now is None)
        found = self._take(self._reader)
        for listener in self.listeners if found else ():
            listener(found)
        if self._thinning is None:
            return found
        rows = self._thinning.feed(found, now)
        self._next = time.monotonic() + self._thinning.wait
        return rows

    def leave(self) -> list[Columns]:
        """All that is left, for whoever leaves a worker behind; that worker finds none any more."""
        reader, self._reader = self._reader, None
        rest: list[Columns] = []
        while reader is not None and (found := self._take(reader)):
            rest += found
        return self._thinning.feed(rest, None) if self._thinning else rest

    def _take(self, reader: Reader) -> list[Columns]:
        found = reader.read()
        for block in found:
            self.count += block.values.size
            when = float(block.times[-1])
            for path, value in zip(block.paths, block.values[-1].tolist(), strict=True):
                if path not in self.latest or self.latest[path][0] <= when:
                    self.latest[path] = (when, value)
        for path, count in reader.shed().items():
            self.count += count
            self._totals.lose("full", path, count)
        return found


def _thinning(every: Every) -> Windows | Samples:
    return Samples(every) if every.keep == "first" else Windows(every)
