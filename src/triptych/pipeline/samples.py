"""`Samples`: numbers thinned for a person who reads along, each shown as soon as it comes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from triptych.pipeline.cadence import Every
from triptych.pipeline.records import Columns
from triptych.pipeline.windows import split_by_place

_LATE = 1.0  # seconds that a row may be late, so that the ledger is not read for each


@dataclass(slots=True)
class _Group:
    """What was logged together, in one epoch and phase.

    Attributes:
        shown: Where the last row that was shown lies on the axis.
        newest: The newest row since, or None.
        hidden: How many rows came since.
    """

    shown: float
    newest: Columns | None = None
    hidden: int = 0

    def rest(self) -> list[Columns]:
        """The newest row, for all that came since the last one that was shown."""
        if self.newest is None:
            return []
        row, self.newest = replace(self.newest, logged=self.hidden), None
        self.hidden = 0
        return [row]


class Samples:
    """Gives the first row of each group of paths at once, and the next after some distance.

    Unlike `Windows` it holds nothing back but what it leaves out, so that lines stay in the order
    in which things happened. The last row of an epoch, of a phase and of the run is always shown.

    Args:
        every: The distance between two rows.

    Attributes:
        wait: Seconds until the next look, unless there are words to show.
    """

    def __init__(self, every: Every) -> None:
        self.wait = min(every.seconds or 0.0, _LATE)
        self._every = every
        self._groups: dict[tuple[str, ...], _Group] = {}
        self._place: tuple[int, str] | None = None

    def feed(self, blocks: list[Columns], now: float | None) -> list[Columns]:
        """Take in new columns and give back the rows to show.

        Args:
            blocks: New columns; of one thread in order.
            now: Wall clock in seconds; None gives the newest rows too (a flush).
        """
        parts = [part for block in blocks for part in split_by_place(block)]
        rows: list[Columns] = []
        for part in sorted(parts, key=lambda part: float(part.times[0])):
            rows += self._take(part)
        return rows + self._rest() if now is None else rows

    def _take(self, part: Columns) -> list[Columns]:
        """The rows to show of a part that lies in one epoch and phase."""
        place = (int(part.epochs[0]), part.phases[0])
        rows: list[Columns] = []
        if place != self._place:
            rows, self._groups, self._place = self._rest(), {}, place
        axis = part.steps if self._every.steps is not None else part.times
        group = self._groups.setdefault(part.paths, _Group(-math.inf))
        at = 0
        while at < len(part):
            if group.shown <= axis[at] < group.shown + self._every.distance:
                until = int(axis.searchsorted(group.shown + self._every.distance))
                until = max(until, at + 1)  # a clock that was set back is not in order
                group.newest = part.rows(until - 1, until)
                group.hidden += until - at
                at = until
                continue
            rows.append(replace(part.rows(at, at + 1), logged=1 + group.hidden))
            group.shown, group.newest, group.hidden = float(axis[at]), None, 0
            at += 1
        return rows

    def _rest(self) -> list[Columns]:
        rows = [row for group in self._groups.values() for row in group.rest()]
        return sorted(rows, key=lambda row: float(row.times[0]))
