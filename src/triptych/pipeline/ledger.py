"""`Ledger`: where numbers wait. Writers append without a lock; every sink reads on its own."""

from __future__ import annotations

import itertools
import threading
import time
from array import array
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from triptych.pipeline.blocks import Hold
from triptych.pipeline.clock import StepClock
from triptych.pipeline.journal import Journal
from triptych.pipeline.plain import on_host
from triptych.pipeline.records import Columns
from triptych.pipeline.rows import columns, gather, seal, width

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_ROWS = 8192  # read at once
_ROWS_OF_EACH = 64  # of those that come one by one under many names
_MOST_ROWS = 2**18


class Ledger:
    """Append-only rows of numbers, many writers, several readers.

    A row is appended by a single call into C (`mmap.write`), which under the interpreter lock is
    atomic: another thread, a signal handler or a garbage-collector callback that logs in between
    finds whole rows only. So neither side needs a lock, and the training thread never waits for a
    reader. A block is let go when the last reader has read it; beyond the journal's limit the
    oldest one is shed, and counted, for readers that are that late.

    Args:
        journal: Whose memory the rows lie in; by default it dies with the process.
    """

    def __init__(self, journal: Journal | None = None) -> None:
        self.journal = journal or Journal()
        self.paths: dict[int, tuple[str, ...]] = {}
        self.widths: dict[int, int] = {}
        self._layouts: dict[tuple[str, ...], int] = {}
        self._numbers = itertools.count(1)
        self._put = self.journal.rows.append

    def append(self, values: object, clock: StepClock) -> bool:
        """Append one row of numbers on the host, a dict, under names that were declared before.

        Returns:
            False, with nothing appended, if a name is new or a value is not a finite number, or
            still on its device: the caller then looks closer.
        """
        if type(values) is not dict:
            return False
        layout = self._layouts.get(tuple(values))
        if layout is None:
            return False
        numbers = on_host(values.values())
        if numbers is None:
            return False
        try:
            total = sum(numbers)
            if total - total != 0.0:  # true for NaN and infinities, in one test
                return False
            row = seal((layout, clock.context, clock.step, time.time(), *numbers, 0.0))
        except OverflowError:  # an int beyond the range of a float
            return False
        self._put(row)
        return True

    def append_floats(
        self,
        paths: tuple[str, ...],
        values: tuple[float, ...],
        *,
        context: int,
        step: int,
        when: float,
    ) -> None:
        """Append one row of floats, finite or not, under normalised paths."""
        self._put(seal((self.layout(paths, paths), context, step, when, *values, 0.0)))

    def layout(self, keys: tuple[str, ...], paths: tuple[str, ...]) -> int:
        """Declare that rows with these keys hold the values of these paths, in this order."""
        known = self._layouts.get(keys)
        if known is not None:
            return known
        # Two threads may meet the same names at once: then two numbers mean the same, no harm.
        number = next(self._numbers)
        self.journal.name_layout(number, paths)  # before any row can need it
        self.paths[number] = paths
        self.widths[number] = width(len(paths))
        self._layouts[keys] = number
        return number

    def reader(self, clock: StepClock) -> Reader:
        """A new reader, from the first row that is still there; for one sink's worker."""
        return Reader(self, clock)


class Reader(Hold):
    """One sink's place in the ledger."""

    def __init__(self, ledger: Ledger, clock: StepClock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._start = 0  # bytes of the block that have been read
        self._shed: Counter[str] = Counter()
        self._reading = threading.Lock()  # between workers; none waits for long
        super().__init__(ledger.journal.rows.oldest)
        ledger.journal.rows.add(self)

    def read(self) -> list[Columns]:
        """What has been written since the last call, at most some thousand rows.

        Of names that are many and come one by one it takes more, some dozen rows for each: what
        follows costs as much for one row as for these.
        """
        with self._reading:
            found = self._read()
        self._ledger.journal.tend()
        return found

    def _read(self) -> list[Columns]:
        found: dict[int, list[npt.NDArray[np.float64]]] = {}
        rows = 0
        while rows < max(_ROWS, min(_ROWS_OF_EACH * len(found), _MOST_ROWS)):
            # Asked before the data is looked at: nobody writes to a full block.
            full = self.block.full
            tables, used = self._gather()
            following = self.block.after
            self._start += used
            for layout, table in tables:
                found.setdefault(layout, []).append(table)
                rows += len(table)
            if not used:
                if not full or following is None:
                    break
                self.block, self._start = following, 0
        return self._columns(found)

    @property
    def pending(self) -> bool:
        """Whether whole blocks wait, so that it is worth reading again at once."""
        return self.block.after is not None

    def shed(self) -> dict[str, int]:
        """How many numbers of each path were shed since the last call."""
        with self._reading:
            counts, self._shed = self._shed, Counter()
        return counts

    def skip(self) -> bool:
        """Shed the rest of this block. Called on any thread."""
        following = self.block.after
        if following is None or not self._reading.acquire(blocking=False):
            return False
        try:
            while True:
                tables, used = self._gather()
                if not used:
                    break
                self._start += used
                for layout, table in tables:
                    paths = self._ledger.paths[layout]
                    self._shed.update(dict.fromkeys(paths, len(table)))
            self.block, self._start = following, 0
        finally:
            self._reading.release()
        return True

    def _gather(self) -> tuple[list[tuple[int, npt.NDArray[np.float64]]], int]:
        """The next rows of the block as tables by layout, and how many bytes they took up."""
        data = array("d", self.block.copy(self._start))
        tables, used = gather(data, self._ledger.widths)
        return tables, 8 * used

    def _columns(self, found: Mapping[int, list[npt.NDArray[np.float64]]]) -> list[Columns]:
        import numpy as np

        paths, seen = self._ledger.paths, self._clock.contexts
        return [
            columns(paths[layout], tables[0] if len(tables) == 1 else np.concatenate(tables), seen)
            for layout, tables in found.items()
        ]
