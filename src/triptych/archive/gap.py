"""`Gap`: what a journal holds and the recordings of its run do not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from triptych.archive.folder import RunFolder
from triptych.archive.recording import Recording, column
from triptych.archive.rows import Line, line_of
from triptych.archive.tail import Tail, rows_where
from triptych.pipeline.records import Batch, Columns, Record, Words

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from triptych.archive.curve import Curve

_EARLIER = 10**9  # nanoseconds by which a clock may have been set back within a journal
_NUMBERS = "Scalars:scalars"
_TEXT = "TextLog:text"
_STATE = "StateChange:state"


@dataclass(frozen=True, slots=True)
class Known:
    """What there is in a recording.

    Attributes:
        numbers: Of each path how many there are, and step and value of the newest.
        archetypes: Of each path the names of Rerun's classes.
        phases: All that there were, in the order of their beginning.
    """

    numbers: tuple[tuple[str, int, int, float], ...]
    archetypes: Mapping[str, frozenset[str]]
    phases: tuple[str, ...]

    @classmethod
    def joined(cls, several: Sequence[Self]) -> Self:
        """What there is in all of them; the newest numbers are those of the last that has any."""
        numbers: dict[str, tuple[str, int, int, float]] = {}
        archetypes: dict[str, frozenset[str]] = {}
        phases: dict[str, None] = {}
        for one in several:
            for path, count, step, value in one.numbers:
                before = numbers[path][1] if path in numbers else 0
                numbers[path] = path, before + count, step, value
            for path, names in one.archetypes.items():
                archetypes[path] = archetypes.get(path, frozenset()) | names
            phases |= dict.fromkeys(one.phases)
        return cls(tuple(numbers.values()), archetypes, tuple(phases))


@dataclass(frozen=True, slots=True)
class Gap:
    """What a recording lacks, and what it has.

    Attributes:
        batch: What is missing there; may be empty.
        known: What is there; None where there is no recording that could be read.
    """

    batch: Batch
    known: Known | None


def known_of(recording: Recording, curves: Mapping[str, Curve]) -> Known:
    """What there is in a recording whose curves were read."""
    numbers = [
        (path, len(curve), int(curve.steps[-1]), float(curve.values[-1]))
        for path, curve in curves.items()
    ]
    archetypes = {
        path: frozenset(one.partition(":")[0] for one in components)
        for path, components in recording.kinds().items()
    }
    for path, _ in recording.batches(_NUMBERS):  # those that the sink has added, too
        archetypes.setdefault(path, frozenset({_NUMBERS.partition(":")[0]}))
    return Known(tuple(numbers), archetypes, _phases(recording))


def missing(folder: RunFolder, tail: Tail) -> dict[int, Gap]:
    """What of a tail is not in the recordings of its run, by attempt.

    Numbers are compared bit by bit, with their step and time. A recording that cannot be read at
    all has nothing.

    Raises:
        OSError: A file cannot be read.
    """
    files = {attempt: folder.recording(attempt) for attempt, _ in tail.attempts}
    there = _Recorded(_since([tail]))
    for attempt, file in files.items():
        with suppress(FileNotFoundError, ValueError):
            there.add(Recording(file, attempt))
    return {
        attempt: Gap(there.rest(tail.of(place)), there.known.get(attempt))
        for place, attempt in enumerate(files)
    }


def numbers_beside(
    tails: Sequence[Tail], recorded: Iterable[Mapping[str, Curve]]
) -> Iterator[tuple[int, Columns]]:
    """The numbers that journals hold and recordings do not, each with its attempt.

    Args:
        tails: What the journals held before the recordings were read: what leaves a journal
            meanwhile is in a recording by then.
        recorded: The curves of each recording.
    """
    there = _Recorded(_since(tails))
    for curves in recorded:
        there.add_numbers(curves)
    for attempt, batch in _by_attempt(tails):
        for rows in batch.columns:
            yield from ((attempt, part) for part in there.rest_of_rows(rows))


def lines_beside(tails: Sequence[Tail], recorded: Iterable[Line]) -> Iterator[Line]:
    """The lines that journals hold and recordings do not; as `numbers_beside`."""
    there = Counter((line.path, line.step, line.time, line.text) for line in recorded)
    for attempt, batch in _by_attempt(tails):
        for record in batch.records:
            if not _stays_in_text(record):
                line = line_of(record, attempt)
                key = (line.path, line.step, line.time, line.text)
                if there[key]:
                    there[key] -= 1
                else:
                    yield line


def _by_attempt(tails: Sequence[Tail]) -> Iterator[tuple[int, Batch]]:
    for tail in tails:
        for place, (attempt, _) in enumerate(tail.attempts):
            yield attempt, tail.of(place)


def _since(tails: Iterable[Tail]) -> int:
    """Nanoseconds since 1970 from which on a recording may have what is in the tails."""
    times = [int(rows.times.min() * 1e9) for tail in tails for rows in tail.columns]
    times += [int(record.stamp.time * 1e9) for tail in tails for record in tail.records]
    return min(times, default=0) - _EARLIER


class _Recorded:
    """How often each number and each line is in the recordings.

    Args:
        since: Nanoseconds since 1970; what is older does not matter.
    """

    def __init__(self, since: int) -> None:
        self.known: dict[int, Known] = {}
        self._since = since
        self._numbers: defaultdict[str, Counter[tuple[int, int, int]]] = defaultdict(Counter)
        self._lines: Counter[tuple[str, int, int, str]] = Counter()

    def add(self, recording: Recording) -> None:
        """Count what a recording holds."""
        curves = recording.curves()
        self.add_numbers(curves)
        for path, batch in recording.batches(_TEXT):
            self._lines.update((path, *one) for one in _lines(batch))
        self.known[recording.attempt] = known_of(recording, curves)

    def add_numbers(self, curves: Mapping[str, Curve]) -> None:
        """Count those of a recording."""
        for path, curve in curves.items():
            new = curve.times >= self._since
            self._numbers[path].update(_keys(curve.steps[new], curve.times[new], curve.values[new]))

    def rest(self, batch: Batch) -> Batch:
        """What is not there; each number that is there stands for one of the batch."""
        parts = [part for rows in batch.columns for part in self.rest_of_rows(rows)]
        records = []
        for record in batch.records:
            if _stays_in_text(record):
                continue
            line = line_of(record, 0)
            key = (line.path, line.step, line.time, line.text)
            if self._lines[key]:
                self._lines[key] -= 1
            else:
                records.append(record)
        return Batch(tuple(parts), tuple(records))

    def rest_of_rows(self, rows: Columns) -> Iterator[Columns]:
        """Which of them are not there, path by path."""
        import numpy as np

        times = (rows.times * 1e9).astype(np.int64)
        for place, path in enumerate(rows.paths):
            there = self._numbers[path]
            absent = np.ones(len(rows), dtype=np.bool_)
            for row, key in enumerate(_keys(rows.steps, times, rows.values[:, place])):
                if there[key]:
                    there[key] -= 1
                    absent[row] = False
            if absent.any():
                yield rows_where(rows, absent, place)


def _lines(batch: pa.RecordBatch) -> Iterator[tuple[int, int, str]]:
    """Step, nanoseconds and text of each line."""
    steps, times, texts = (column(batch, name) for name in ("step", "log_time", _TEXT))
    if steps is None or times is None or texts is None:
        return
    stamps = zip(steps.to_pylist(), times.cast("int64").to_pylist(), strict=True)
    for (step, time), text in zip(stamps, texts.to_pylist(), strict=True):
        if text:
            yield step, time, text[0]


def _phases(recording: Recording) -> tuple[str, ...]:
    found: dict[str, int] = {}
    for _, batch in recording.batches(_STATE):
        times, states = column(batch, "log_time"), column(batch, _STATE)
        if times is not None and states is not None:
            for time, state in zip(
                times.cast("int64").to_pylist(), states.to_pylist(), strict=True
            ):
                for phase in state or ():
                    found[phase] = min(time, found.get(phase, time))
    return tuple(sorted(found, key=found.__getitem__))


def _stays_in_text(record: Record) -> bool:
    """Whether the Rerun panel is not given it."""
    return isinstance(record.value, Words) and record.value.local


def _keys(
    steps: npt.NDArray[np.int64], times: npt.NDArray[np.int64], values: npt.NDArray[np.float64]
) -> Iterator[tuple[int, int, int]]:
    bits = values.copy().view("int64")
    return zip(steps.tolist(), times.tolist(), bits.tolist(), strict=True)
