"""`Tail`: what a journal holds."""

from __future__ import annotations

import itertools
from array import array
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from triptych.archive.folder import RunFolder
from triptych.pipeline.entries import restore, sound_entries
from triptych.pipeline.journal import NAMES, ROWS, WORDS
from triptych.pipeline.records import Batch, Columns, Record
from triptych.pipeline.rows import Context, columns, sound_rows, width

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_LOST_CONTEXT: Context = (None, "?")


@dataclass(frozen=True, slots=True)
class Tail:
    """The whole content of one journal, as far as its checksums are good.

    Attributes:
        attempts: Since when, in seconds since 1970, each attempt lasted, the earliest first.
        columns: The numbers.
        records: Lines, events, errors and checkpoints, in the order of logging.
    """

    attempts: tuple[tuple[int, float], ...]
    columns: tuple[Columns, ...]
    records: tuple[Record, ...]

    @property
    def newest(self) -> tuple[float, int]:
        """Time and step of what was logged last; (0, 0) if there is nothing."""
        stamps = [(record.stamp.time, record.stamp.step) for record in self.records]
        stamps += [(float(rows.times[-1]), int(rows.steps[-1])) for rows in self.columns]
        return max(stamps, default=(0.0, 0))

    def of(self, place: int) -> Batch:
        """What was logged in the attempt at a place in `attempts`."""
        edges = [-float("inf"), *(since for _, since in self.attempts[1:]), float("inf")]
        begin, end = edges[place], edges[place + 1]
        parts = [
            rows_where(rows, (rows.times >= begin) & (rows.times < end)) for rows in self.columns
        ]
        records = [record for record in self.records if begin <= record.stamp.time < end]
        return Batch(tuple(part for part in parts if len(part)), tuple(records))


def journals(folder: RunFolder) -> list[Path]:
    """The journals that a run has left, by the attempt that opened them."""
    home = folder.journal(1).parent
    found = [path for path in home.glob("*") if path.name.isdecimal() and path.is_dir()]
    return sorted((path for path in found if not path.is_symlink()), key=lambda one: int(one.name))


def read_tail(journal: Path) -> Tail:
    """Read a journal, also one that is being written, or that is damaged.

    Raises:
        OSError: A file cannot be read.
    """
    layouts: dict[int, tuple[str, ...]] = {}
    contexts: dict[int, Context] = defaultdict(lambda: _LOST_CONTEXT)
    attempts = {int(journal.name): 0.0}
    records: list[Record] = []
    for entry in _entries(journal, NAMES, WORDS):
        try:
            if "layout" in entry:
                layouts[int(entry["layout"])] = tuple(map(str, entry["paths"]))
            elif "context" in entry:
                epoch = entry["epoch"]
                context = None if epoch is None else int(epoch), str(entry["phase"])
                contexts[int(entry["context"])] = context
            elif "attempt" in entry:
                attempts[int(entry["attempt"])] = float(entry["time"])
            elif (record := restore(entry)) is not None:
                records.append(record)
        except (KeyError, TypeError, ValueError, OverflowError):
            continue  # a checksum can be good by chance
    records.sort(key=lambda record: record.stamp.time)
    rows = tuple(_rows(journal, layouts, contexts))
    return Tail(tuple(sorted(attempts.items())), rows, tuple(records))


def rows_where(rows: Columns, mask: npt.NDArray[np.bool_], place: int | None = None) -> Columns:
    """Some of the rows, of all paths or of one."""
    chosen = slice(None) if place is None else slice(place, place + 1)
    return Columns(
        rows.paths[chosen],
        rows.steps[mask],
        rows.epochs[mask],
        rows.times[mask],
        rows.values[mask][:, chosen],
        tuple(itertools.compress(rows.phases, mask.tolist())),
        int(mask.sum()),
    )


def _entries(journal: Path, *kinds: str) -> Iterator[dict[str, Any]]:
    for content in _contents(journal, *kinds):
        yield from sound_entries(content)


def _rows(
    journal: Path, layouts: dict[int, tuple[str, ...]], contexts: dict[int, Context]
) -> Iterator[Columns]:
    import numpy as np

    widths = {layout: width(len(paths)) for layout, paths in layouts.items() if layout > 0}
    found: defaultdict[int, list[array[float]]] = defaultdict(list)
    for content in _contents(journal, ROWS):
        raw = content.rstrip(b"\0")
        data = array("d", raw.ljust(-len(raw) // 8 * -8, b"\0"))
        for begin, end in sound_rows(data, widths):
            found[int(data[begin])].append(data[begin:end])
    for layout, rows in found.items():
        whole = columns(layouts[layout], np.array(rows), contexts)
        order = np.argsort(whole.times, kind="stable")
        yield columns(layouts[layout], np.array(rows)[order], contexts)


def _contents(journal: Path, *kinds: str) -> Iterator[bytes]:
    for file in sorted(file for kind in kinds for file in journal.glob(f"{kind}-*")):
        if file.is_file() and not file.is_symlink():
            with suppress(FileNotFoundError):  # let go of in between: the recording has it
                yield file.read_bytes()
