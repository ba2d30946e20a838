"""`Room`: whether the disk that a sink writes to has room left."""

from __future__ import annotations

import logging
import shutil
import time
from pathlib import Path

log = logging.getLogger("triptych")

RESERVE, LAST = 8 * 2**20, 2**20
"""Bytes that stay free: while the run goes on, and at its end. Rerun's writer dies for good on a
full disk, and W&B's loses rows without a word (0.41, 0.31); so neither is given anything then."""

_PLENTY, _SOON = 2**30, 1.0  # bytes that nobody fills within a second; a look costs 0.1 ms


class Room:
    """Looks at the disk before a sink is given anything, and tells when that has to wait.

    Args:
        sink: Its name.
    """

    def __init__(self, sink: str) -> None:
        self.full = False
        self._sink = sink
        self._enough_until = 0.0

    def look(self, place: Path | None, *, at_end: bool) -> bool:
        """Whether there is room.

        Args:
            place: The folder that the sink writes to; None if it writes to no disk.
            at_end: Whether the run closes: what has waited may have most of the rest.
        """
        if place is None or time.monotonic() < self._enough_until:
            return True
        reserve = LAST if at_end else RESERVE
        try:
            free = shutil.disk_usage(place).free
        except OSError:  # the folder is gone, which the sink itself will say
            free = reserve
        if free > _PLENTY:
            self._enough_until = time.monotonic() + _SOON
        full = free < reserve
        if full and not self.full:
            log.warning(
                "The disk of %s is full: what is logged waits in memory for the %s sink, and of "
                "pictures only the newest. Training goes on.",
                place,
                self._sink,
            )
        elif self.full and not full:
            log.warning("The disk has room again for the %s sink.", self._sink)
        self.full = full
        return not full
