"""`Budget`: what logging may cost, in time and on disk, and which pictures are left out for it."""

from __future__ import annotations

import logging
import math
import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger("triptych")

TIME, DISK = "budget", "disk"
"""Reasons for which a picture is left out: it would cost too much time, or room on the disk."""

_CREDIT = 30.0  # seconds of the run whose share may be saved up, so that the first pictures come
_DEBT = 60.0  # seconds after which one costly picture is forgiven
_SHORT = 2.0  # seconds that may be missing before the windows of thinned numbers grow
_REPORT = 10.0  # seconds between two figures of the overhead
_LONGEST = 64  # times as long as wanted, and no longer, are the windows of thinned numbers
_FEWEST = 6  # halvings of the room on the disk until no picture is taken any more

_UNITS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
_SIZE = re.compile(
    r"\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[KMGT]?)(?P<binary>i?)B?\s*", re.IGNORECASE
)


def read_size(size: float | str) -> int:
    """Read a size such as "20GB", "1.5 TiB" or a number of bytes.

    Raises:
        ValueError: If it is none, or not positive.
    """
    match = _SIZE.fullmatch(str(size))
    if match is None or not float(match["number"]):
        raise ValueError(f'A size is a text such as "20GB", or a number of bytes, not {size!r}.')
    base = 1024 if match["binary"] else 1000
    return int(float(match["number"]) * base ** _UNITS[match["unit"].upper()])


def check_overhead(limit: object) -> None:
    """Refuse what is no share.

    Raises:
        ValueError: If it is neither None nor a number above 0 and up to 1.
    """
    if limit is not None and not (isinstance(limit, int | float) and 0 < limit <= 1):
        raise ValueError(f"max_overhead= is a share such as 0.01, or None, not {limit!r}.")


class Overhead:
    """Keeps the cost of logging below a share of the run's time.

    The run earns that share of each second, and what logging takes is paid from it. Pictures are
    taken while something is left. Where that is not enough, the windows of numbers that are thinned
    anyway, those of W&B, grow up to 64-fold. Errors, words and the recording's numbers always go
    on, so that a loop of very short steps may cost more than the limit all the same.

    Args:
        limit: The share, above 0 and up to 1; None only measures.

    Attributes:
        stretch: How many times as long the windows of thinned numbers should be.
    """

    def __init__(self, limit: float | None) -> None:
        self.stretch = 1
        self._limit = limit
        self._cost: Callable[[], float] = lambda: 0.0
        self.begin(self._cost)

    def begin(self, cost: Callable[[], float]) -> None:
        """Start to count.

        Args:
            cost: Seconds that logging has taken so far: the calling threads' time, and the
                processor time of the workers.
        """
        self._cost = cost
        now, spent = time.monotonic(), cost()
        self._began = self._reported = (now, spent)
        self._ended: tuple[float, float] | None = None
        # One tuple, replaced at once by the worker that looks: other threads read it meanwhile.
        self._account = (now, spent, _CREDIT)

    def __str__(self) -> str:
        return f"{self.share:.2%} of the time"

    @property
    def share(self) -> float:
        """What logging has taken so far, as a share of the time since it began."""
        then, before = self._began
        until, spent = self._ended or (time.monotonic(), self._cost())
        return (spent - before) / max(until - then, 1e-9)

    def end(self) -> None:
        """The run closes: what is still to be delivered holds up no training."""
        self._ended = (time.monotonic(), self._cost())

    def is_spent(self) -> bool:
        """Whether there is nothing left for a picture."""
        return self._limit is not None and self._balance() < 0

    def look(self) -> float | None:
        """Bring the account up to date; every ten seconds the share of these ten."""
        now, spent = time.monotonic(), self._cost()
        self._account = (now, spent, min(max(self._balance(), -_DEBT), _CREDIT))
        then, before = self._reported
        if now < then + _REPORT:
            return None
        self._reported = (now, spent)
        share, left = (spent - before) / (now - then), self._account[2]
        if self._limit is not None:
            if left < -_SHORT and share > self._limit:  # though pictures are refused
                self.stretch = min(_LONGEST, self.stretch * 2)
            elif left > 0:
                self.stretch = max(1, self.stretch // 2)
        return share

    def _balance(self) -> float:
        """What is left, in seconds of the run that would earn it."""
        then, before, left = self._account
        return left + time.monotonic() - then - (self._cost() - before) / (self._limit or math.inf)


class Disk:
    """Keeps pictures from filling the disk: fewer and fewer of them, the less room there is.

    Half of the room is for all of them; of what is left then, half is for every fourth of each
    path, and so on. After six such steps no picture is taken any more. Checkpoints do not count.

    Args:
        folder: The run folder.
        limit: Bytes that it may take up; None for what it has and half of what is free now.
    """

    def __init__(self, folder: Path, limit: int | None) -> None:
        used, free = _size(folder), shutil.disk_usage(folder).free
        self._folder = folder
        self._limit = max(1, used + free // 2 if limit is None else min(limit, used + free))
        self._next = 0.0
        self._last = (0.0, 0)
        self._seen: Counter[str] = Counter()
        self.one_in = 1

    def __str__(self) -> str:
        used, limit = self._last[1] / 1e9, self._limit / 1e9
        return f"{used:.3g} GB of {limit:.3g} GB"

    def is_full_for(self, path: str) -> bool:
        """Whether a picture of this path is one too many; it counts as seen."""
        self._seen[path] += 1
        return not self.one_in or (self._seen[path] - 1) % self.one_in != 0

    def look(self) -> None:
        """See how much room there is, as often as it may change much."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _REPORT
        used = _size(self._folder)
        try:
            free = shutil.disk_usage(self._folder).free
        except OSError:  # the folder is gone, or what it is mounted from
            return
        free -= self._limit // 20  # others fill the disk too; the last of it is for numbers
        left = min(self._limit - used, free) / self._limit
        steps = int(-math.log2(left)) if 0 < left < 1 else 0
        self.one_in = 0 if left <= 2**-_FEWEST else 4**steps
        took = time.monotonic() - now
        (then, before), self._last = self._last, (now, used)
        growth = max(used - before, 1) / (now - then)
        soon = left * self._limit / growth / 10
        self._next = now + max(min(soon, 10.0), 0.5, 100 * took)


class Budget:
    """Both limits.

    Args:
        max_overhead: As `Overhead`.
        disk: Of the run folder; None where there is none.
    """

    def __init__(self, max_overhead: float | None = None, disk: Disk | None = None) -> None:
        self.overhead = Overhead(max_overhead)
        self._disk = disk
        self._short = False  # of time, since the last look
        self._told: set[str] = set()

    def refuses(self, path: str) -> str | None:
        """Why a picture of this path is one too many, `TIME` or `DISK`; None if it is welcome."""
        if self._disk is not None and self._disk.is_full_for(path):
            return DISK
        if self.overhead.is_spent():
            self._short = True
            return TIME
        return None

    def look(self) -> float | None:
        """See how things stand, on a worker; every ten seconds the share that logging takes."""
        if self._disk is not None:
            self._disk.look()
            if self._disk.one_in == 0:
                self._tell("No more pictures are taken: the run takes up %s (max_disk)", self._disk)
            elif self._disk.one_in > 1:
                self._tell("Fewer pictures are taken: the run takes up %s (max_disk)", self._disk)
        if self._short:
            self._tell("Fewer pictures are taken: logging takes %s (max_overhead)", self.overhead)
        return self.overhead.look()

    def _tell(self, what: str, how_it_stands: object) -> None:
        if what not in self._told:
            self._told.add(what)
            log.warning(what, how_it_stands)


def _size(folder: Path) -> int:
    total = 0
    for place, folders, files in os.walk(folder):
        if Path(place) == folder:
            folders[:] = [name for name in folders if name not in ("checkpoints", "artifacts")]
        for name in files:
            try:
                total += (Path(place) / name).stat(follow_symlinks=False).st_size
            except OSError:  # gone meanwhile
                continue
    return total
