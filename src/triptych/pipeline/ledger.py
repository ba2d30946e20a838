"""`Ledger`: where numbers wait. Writers append without a lock; every sink reads on its own."""

from __future__ import annotations

import itertools
import time
from array import array
from collections import deque
from threading import get_ident
from typing import TYPE_CHECKING

from triptych.pipeline.clock import StepClock
from triptych.pipeline.records import Columns

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

PLAIN = frozenset({float, int, bool})
"""The exact types that go straight into a column; everything else takes the slower door."""

_HEADER = 4  # layout, context, step, time
_BLOCK = 64 * 1024  # numbers in a block: half a megabyte
_CHUNK = 8192  # rows a reader decodes at once: about a millisecond with the interpreter lock held


class _Block:
    """Rows of one thread, one after another: header, then as many values as the layout has."""

    __slots__ = ("data",)

    def __init__(self) -> None:
        self.data = array("d")


class _Chain:
    """The blocks of one writing thread: the one being filled, and a feed for each reader."""

    __slots__ = ("feeds", "tail")

    def __init__(self, readers: int) -> None:
        self.tail = _Block()
        self.feeds = tuple(deque([self.tail]) for _ in range(readers))


class Ledger:
    """Append-only rows of numbers, one writer a thread, several readers.

    A row is appended by a single call into C (`array.extend` of an array), which under the
    interpreter lock is atomic: another thread, a signal handler or a garbage-collector callback
    that logs in between finds whole rows only. So neither side needs a lock, and the training
    thread never waits for a reader. A block leaves memory when the last reader lets go of it.

    Args:
        readers: How many readers there will be.
        limit: Bytes of unread numbers that may wait for one reader. Beyond it, that reader's
            oldest blocks are shed, and counted.
    """

    def __init__(self, readers: int, limit: int = 256 * 2**20) -> None:
        self._readers = readers
        self._blocks = max(2, limit // (8 * _BLOCK))
        self._layouts: dict[tuple[str, ...], int] = {}
        self._names: dict[int, tuple[str, ...]] = {}
        self._widths: dict[int, int] = {}
        self._numbers = itertools.count()
        self._chains: dict[int, _Chain] = {}
        self._order: list[_Chain] = []
        self._shed: list[deque[_Block]] = [deque() for _ in range(readers)]

    def append(self, values: object, clock: StepClock) -> bool:
        """Append one row of plain numbers, a dict, under names that were declared before.

        Returns:
            False, with nothing appended, if a name is new or a value is not a plain finite
            number: the caller then looks closer.
        """
        if type(values) is not dict or not PLAIN.issuperset(map(type, values.values())):
            return False
        layout = self._layouts.get(tuple(values))
        if layout is None:
            return False
        try:
            total = sum(values.values())
            if total - total != 0.0:  # true for NaN and infinities, in one test
                return False
            self._append((layout, clock.context, clock.step, time.time(), *values.values()))
        except OverflowError:  # an int beyond the range of a float
            return False
        return True

    def knows(self, keys: tuple[object, ...]) -> bool:
        """Whether a row with these keys, in this order, has been declared."""
        return keys in self._layouts

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
        self._append((self.layout(paths, paths), context, step, when, *values))

    def layout(self, keys: tuple[str, ...], paths: tuple[str, ...]) -> int:
        """Declare that rows with these keys hold the values of these paths, in this order."""
        known = self._layouts.get(keys)
        if known is not None:
            return known
        # Two threads may meet the same names at once: then two numbers mean the same, no harm.
        number = next(self._numbers)
        self._names[number] = paths
        self._widths[number] = _HEADER + len(paths)
        self._layouts[keys] = number
        return number

    def _append(self, row: tuple[float, ...]) -> None:
        chain = self._chains.get(get_ident()) or self._new_chain()
        # An int beyond the range of a float raises here, before anything is written. And nothing
        # runs between the choice of a block and the end of `extend`: no bytecode at which signals
        # are handled, no allocation that could start the garbage collector.
        whole = array("d", row)
        chain.tail.data.extend(whole)
        if len(chain.tail.data) >= _BLOCK:
            self._roll(chain)

    def _new_chain(self) -> _Chain:
        chain = _Chain(self._readers)
        self._chains[get_ident()] = chain
        self._order.append(chain)
        return chain

    def _roll(self, chain: _Chain) -> None:
        block = _Block()
        feeding = map(deque.append, chain.feeds, itertools.repeat(block))
        chain.tail = block
        deque(feeding, maxlen=0)  # one call again: a signal handler that logs, or raises, must wait
        for reader, feed in enumerate(chain.feeds):
            while len(feed) > self._blocks:
                self._shed[reader].append(feed.popleft())

    def reader(self, index: int, clock: StepClock) -> Reader:
        """The reader of a sink; only that sink's worker may use it."""
        return Reader(self, index, clock)


class Reader:
    """One sink's place in the ledger."""

    def __init__(self, ledger: Ledger, index: int, clock: StepClock) -> None:
        self._ledger = ledger
        self._index = index
        self._clock = clock
        self._places: dict[_Chain, tuple[_Block, int]] = {}

    def read(self) -> list[Columns]:
        """What has been written since the last call, at most some thousand rows a thread."""
        found: list[Columns] = []
        for chain in self._ledger._order[:]:  # noqa: SLF001  # the two halves of one structure
            found += self._read_chain(chain)
        return found

    @property
    def pending(self) -> bool:
        """Whether whole blocks wait, so that it is worth reading again at once."""
        chains = self._ledger._order  # noqa: SLF001
        return any(chain.feeds[self._index] for chain in chains[:] if chain in self._places)

    def shed(self) -> dict[str, int]:
        """How many numbers of each path were shed since the last call."""
        counts: dict[str, int] = {}
        lost = self._ledger._shed[self._index]  # noqa: SLF001
        while lost:
            data = lost.popleft().data
            while data:
                found, used = self._decode(data)
                data = data[used:]
                for columns in found:
                    for path in columns.paths:
                        counts[path] = counts.get(path, 0) + len(columns)
        return counts

    def _read_chain(self, chain: _Chain) -> list[Columns]:
        feed = chain.feeds[self._index]
        block, start = self._places.get(chain) or (feed.popleft(), 0)
        while True:
            # Asked before the data is looked at: a block with a successor is no longer written to.
            complete = bool(feed)
            columns, used = self._decode(block.data[start:])
            if used or not complete:
                break
            block, start = feed.popleft(), 0
        self._places[chain] = (block, start + used)
        return columns

    def _decode(self, data: array[float]) -> tuple[list[Columns], int]:
        """Whole rows of a stretch, gathered by layout, and how many numbers they took up."""
        import numpy as np

        if not data:
            return [], 0
        widths = self._ledger._widths  # noqa: SLF001
        flat = np.frombuffer(data)
        first = int(flat[0])
        width = widths[first]
        count = min(len(flat) // width, _CHUNK)
        if count and (flat[: count * width : width] == first).all():
            table = flat[: count * width].reshape(count, width)
            return [self._columns(first, table)], count * width
        starts: dict[int, list[int]] = {}
        position = rows = 0
        while position < len(data) and rows < _CHUNK:
            layout = int(data[position])
            end = position + widths[layout]
            if end > len(data):
                break
            starts.setdefault(layout, []).append(position)
            position = end
            rows += 1
        found = []
        for layout, places in starts.items():
            index = np.array(places)[:, None] + np.arange(widths[layout])
            found.append(self._columns(layout, flat[index]))
        return found, position

    def _columns(self, layout: int, table: npt.NDArray[np.float64]) -> Columns:
        import numpy as np

        contexts = table[:, 1].astype(np.int64)
        seen = self._clock.contexts
        epochs = np.array([-1 if epoch is None else epoch for epoch, _ in seen])
        return Columns(
            self._ledger._names[layout],  # noqa: SLF001
            table[:, 2].astype(np.int64),
            epochs[contexts],
            table[:, 3],
            table[:, _HEADER:],
            tuple(seen[context][1] for context in contexts.tolist()),
            len(table),
        )
