"""`Breaker`: when a sink that keeps failing is tried again."""

from __future__ import annotations

import time

LONGEST_PAUSE = 60.0  # seconds

_PATIENCE = 5  # failures in a row
_FIRST_PAUSE = 1.0  # seconds


class Breaker:
    """Leaves a sink alone after five failures in a row: one second, then two, four and so on.

    Args:
        longest: The most seconds between two tries.
    """

    def __init__(self, longest: float = LONGEST_PAUSE) -> None:
        self._longest = longest
        self._failures = 0
        self._until = 0.0

    @property
    def open(self) -> bool:
        """Whether the sink is left alone at present."""
        return time.monotonic() < self._until

    def failed(self) -> float:
        """Count a failure; how many seconds from now on the sink is left alone."""
        self._failures += 1
        if self._failures < _PATIENCE:
            return 0.0
        pause = min(self._longest, _FIRST_PAUSE * 2.0 ** min(self._failures - _PATIENCE, 10))
        self._until = time.monotonic() + pause
        return pause

    def worked(self) -> bool:
        """The sink has taken something in; whether it had been given up before."""
        recovered = self._failures >= _PATIENCE
        self._failures = 0
        return recovered

    def try_now(self) -> None:
        """Somebody waits for an answer: do not sit out the pause."""
        self._until = 0.0
