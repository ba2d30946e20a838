"""`Portions`: numbers held back until they are worth a place in a recording."""

from __future__ import annotations

import time
from collections import defaultdict

from triptych.pipeline.records import Columns, joined

_LONGEST = 60.0  # seconds
_PER_SECOND = 20  # curves that may get a new portion, on average
_AGE = 600  # times as long as numbers wait has the recording lasted
_MOST = 50_000  # tables that wait


class Portions:
    """Puts small portions of the same curves together.

    Each portion of a curve costs a Rerun recording 1.2 kB on disk, and 0.35 kB of memory until it
    is closed (0.41), however few numbers are in it. So the more curves there are and the longer the
    recording lasts, the longer they wait: up to a minute. Meanwhile the journal has them.

    Attributes:
        wait: Seconds until the next look.
    """

    def __init__(self, wait: float = 0.0) -> None:
        self.wait = wait
        self._began = time.monotonic()
        self._due = self._began
        self._held: defaultdict[tuple[str, ...], list[Columns]] = defaultdict(list)
        self._count = 0

    @property
    def holds(self) -> bool:
        """Whether anything waits here."""
        return bool(self._held)

    def feed(self, blocks: list[Columns], now: float | None) -> list[Columns]:
        """Take in new columns and give back what has waited long enough.

        Args:
            blocks: New columns; those of the same paths in order.
            now: Wall clock in seconds; None gives everything (a flush).
        """
        for block in blocks:
            self._held[block.paths].append(block)
        self._count += len(blocks)
        moment = time.monotonic()
        if now is not None and moment < self._due and self._count < _MOST:
            return []
        portions = [joined(parts) for parts in self._held.values()]
        curves = sum(map(len, self._held))
        age = moment - self._began
        self._due = moment + min(_LONGEST, max(curves / _PER_SECOND, age / _AGE))
        self._held.clear()
        self._count = 0
        return portions
