"""`Windows`: numbers thinned for a sink that cannot take them all, one row for each window."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, TypeAlias

from triptych.pipeline.cadence import Every
from triptych.pipeline.records import Columns

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


_Span: TypeAlias = tuple[float, float, Columns]
"""From where to where a block reaches on the axis, and the block."""

_LOOK = 2.0  # seconds after which the numbers are looked at, however long the window

_SHARE = 1 / 50  # of the time since the first, for windows that grow: hardly seen in a chart


class Windows:
    """Gathers columns until their window is over, then gives one row per group of paths.

    A window opens with the first value after the last one closed, and spans all paths, so that
    what was logged together stays in one row; it does not reach across a change of epoch or phase.
    The row carries the step of the window's last value.

    Args:
        every: The length of a window and what stands for it.

    Attributes:
        stretch: How many times as long the windows are at present.
        wait: Seconds until the open window can be over.
    """

    def __init__(self, every: Every) -> None:
        self.stretch = 1
        self.wait = 0.0
        self._every = every
        self._first: float | None = None  # where the first window has begun
        self._waiting: list[_Span] = []

    def feed(self, blocks: list[Columns], now: float | None) -> list[Columns]:
        """Take in new columns and give back the rows of the windows that are over.

        Args:
            blocks: New columns, in any order.
            now: Wall clock in seconds; None closes the open window too (a flush).
        """
        self._waiting += [self._span(block) for block in blocks if len(block)]
        rows: list[Columns] = []
        self.wait = 0.0
        while self._waiting:
            start = min(first for first, _, _ in self._waiting)
            # a distance below the resolution of the clock must still end behind its start
            end = max(start + self._length(start), math.nextafter(start, math.inf))
            newest = max(last for _, last, _ in self._waiting)
            if self._every.seconds is not None and now is not None:
                newest = max(newest, now)
            if newest < end and now is not None:
                if self._every.seconds is not None:
                    self.wait = min(end - newest, _LOOK)
                break
            rows += self._close(end)
        return rows

    def _length(self, start: float) -> float:
        """How long a window is that begins here."""
        length = self._every.distance
        if self._every.grows_to is not None:
            self._first = start if self._first is None else self._first
            length = min(max(length, (start - self._first) * _SHARE), self._every.grows_to)
        return length * self.stretch

    def _close(self, end: float) -> list[Columns]:
        import numpy as np

        groups: dict[tuple[object, ...], list[Columns]] = {}
        outside: list[_Span] = []
        for _, last, whole in self._waiting:
            block = whole
            if last >= end:
                # rows of one thread are in order
                cut = int(np.count_nonzero(self._axis(whole) < end))
                outside.append(self._span(whole.rows(cut, len(whole))))
                block = whole.rows(0, cut)
            for part in split_by_place(block):
                key = (part.paths, int(part.epochs[0]), part.phases[0])
                groups.setdefault(key, []).append(part)
        self._waiting = outside
        rows = [self._one_row(parts) for parts in groups.values()]
        return sorted(rows, key=lambda row: float(row.times[0]))

    def _one_row(self, parts: list[Columns]) -> Columns:
        newest = max(parts, key=lambda part: float(part.times[-1]))
        logged = sum(map(len, parts))
        mean = self._every.keep == "mean" and logged > 1
        last = slice(-1, None)
        return Columns(
            newest.paths,
            newest.steps[last],
            newest.epochs[last],
            newest.times[last],
            _mean(parts) if mean else newest.values[last],
            newest.phases[last],
            logged,
        )

    def _span(self, block: Columns) -> _Span:
        along = self._axis(block).tolist()
        return min(along), max(along), block

    def _axis(self, block: Columns) -> npt.NDArray[np.float64] | npt.NDArray[np.int64]:
        return block.steps if self._every.steps is not None else block.times


def _mean(parts: list[Columns]) -> npt.NDArray[np.float64]:
    import numpy as np

    values = [part.values for part in parts]
    together = values[0] if len(values) == 1 else np.concatenate(values)
    with np.errstate(over="ignore", invalid="ignore"):  # infinite values are kept as such
        return np.add.reduce(together, axis=0, keepdims=True) / len(together)


def split_by_place(block: Columns) -> list[Columns]:
    """The block cut wherever the epoch or the phase changes: no window reaches across."""
    epochs, phases = block.epochs.tolist(), block.phases
    if epochs and epochs.count(epochs[0]) == phases.count(phases[0]) == len(epochs):
        return [block]
    cuts = [
        place
        for place in range(1, len(epochs))
        if phases[place] != phases[place - 1] or epochs[place] != epochs[place - 1]
    ]
    edges = [0, *cuts, len(epochs)]
    return [block.rows(a, b) for a, b in itertools.pairwise(edges) if a < b]
