"""`Recording`: what one .rrd file holds, also one whose writer was killed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import warnings
import weakref
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from triptych.archive.curve import Curve
from triptych.archive.folder import RunFolder
from triptych.commands import command
from triptych.dashboard.naming import LOG10, PHASE

if TYPE_CHECKING:
    import pyarrow as pa

_NUMBERS = "Scalars:scalars"
_ESCAPED = re.compile(r"\\(?:u\{(?P<code>[0-9A-Fa-f]+)\}|(?P<letter>.))")
_BAND = re.compile(r".+/bands/p\d\d")  # below a histogram
_CONTROL = {"n": "\n", "r": "\r", "t": "\t"}


class Recording:
    """Reads a recording without a viewer.

    A file without a footer reads like any other. Of one that ends inside a chunk, Rerun's own
    `rerun rrd optimize` saves the whole chunks into a temporary copy, gone with this object.

    Args:
        path: The .rrd file.
        attempt: Which attempt of its run wrote it.

    Raises:
        OSError: There is no such file.
        ValueError: It is no recording, or damaged in the middle.
    """

    def __init__(self, path: Path, attempt: int = 1) -> None:
        if not path.is_file():
            raise FileNotFoundError(f"there is no recording {str(path)!r}")
        self.path = path
        self.attempt = attempt
        stores = _open(path)
        if stores is None:
            stores = _open(self._rescue())
        if stores is None:
            raise ValueError(f"{str(path)!r} is no Rerun recording, or damaged beyond its end")
        self._stores = stores

    @property
    def application_id(self) -> str:
        """Which Rerun has for the project."""
        return str(self._stores[0][1].application_id)

    @property
    def recording_id(self) -> str:
        """The run id with the attempt."""
        return str(self._stores[0][1].recording_id)

    def kinds(self) -> dict[str, set[str]]:
        """The components at each path that changes with time, such as {"Scalars:scalars"}.

        Curves that the Rerun sink has added for its views are left out, here and in `curves`.
        """
        found: dict[str, set[str]] = {}
        seen = set()
        for chunk in self._chunks():
            look = (chunk.entity_path, chunk.num_columns, *chunk.timeline_names)
            if look not in seen:  # to read the columns of each costs ten times as much
                seen.add(look)
                schema = chunk.to_record_batch().schema
                here = found.setdefault(path_of(chunk.entity_path), set())
                here |= {field.name for field in schema if _kind(field) == b"data"}
        return {path: here for path, here in found.items() if not _is_added(path, found)}

    def curves(self) -> dict[str, Curve]:
        """The numbers at each path, sorted by step and, within a step, by time."""
        found: dict[str, list[Curve]] = {}
        for path, batch in self.batches(_NUMBERS):
            found.setdefault(path, []).append(_curve(batch, self.attempt))
        return {
            path: Curve.joined(parts) for path, parts in found.items() if not _is_added(path, found)
        }

    def batches(
        self, *components: str, merged: bool = True
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """The rows that change with time and hold one of these components.

        Args:
            components: Such as "Scalars:scalars"; at least one.
            merged: Whether to put the rows of many small chunks together first, which is faster,
                and holds all of them in memory at once.

        Yields:
            Path and rows; the columns are the timelines ("step", "epoch", "log_time" where the rows
            have them) and the components asked for. Not in the order of logging.
        """
        for chunk in self._chunks(components, merged=merged):
            yield path_of(chunk.entity_path), chunk.to_record_batch()

    def chunks(self) -> Iterator[Any]:
        """Everything but the blueprints, as `rerun.chunk.Chunk`, one after the other."""
        for reader, store in self._stores:
            yield from reader.stream(store=store)

    def _chunks(self, components: Sequence[str] = (), *, merged: bool = False) -> Iterator[Any]:
        for reader, store in self._stores:
            chunks = reader.stream(store=store).filter(
                is_static=False, components=list(components) or None
            )
            for chunk in chunks.collect().stream() if merged else chunks:
                if not chunk.entity_path.startswith("/__"):
                    yield chunk

    def _rescue(self) -> Path:
        """Copy the whole chunks of a file that was cut off."""
        folder = tempfile.mkdtemp(prefix="triptych-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        copy = Path(folder) / self.path.name
        # CI: Rerun counts no visit there.
        environment = {**os.environ, "CI": "1", "RUST_LOG": "error"}
        subprocess.run(  # noqa: S603  # our own command line, and no shell
            [command("rerun"), "rrd", "optimize", str(self.path), "-o", str(copy)],
            env=environment,
            capture_output=True,
            check=False,
        )
        return copy


def recordings_of(folder: RunFolder) -> list[Recording]:
    """The recordings of a run, that of its first attempt first.

    Raises:
        ValueError: One is no recording, or damaged in the middle.
    """
    files = {}
    for file in folder.path.glob("recording-*.rrd"):
        number = file.stem.removeprefix("recording-")
        if number.isdecimal():
            files[int(number)] = file
    return [Recording(files[attempt], attempt) for attempt in sorted(files)]


def path_of(entity: str) -> str:
    """The path that was logged to, of an entity as Rerun escapes it."""
    return _ESCAPED.sub(_unescaped, entity.removeprefix("/"))


def column(batch: pa.RecordBatch, name: str) -> pa.Array | None:
    """A column by its name; None where the rows have none."""
    index = batch.schema.get_field_index(name)
    return None if index < 0 else batch.column(index)


def _open(path: Path) -> list[tuple[Any, Any]] | None:
    """The recordings of a file, each with its reader; None if it does not read to its end."""
    from rerun.chunk import RrdReader

    try:
        with _without_warnings():
            reader = RrdReader(path)
            stores = reader.recordings()
    except (RuntimeError, ValueError):
        return None
    return [(reader, store) for store in stores]


@contextmanager
def _without_warnings() -> Iterator[None]:
    """That a file has no footer is a warning of Rerun's, and no news to us."""
    from rerun.error_utils import RerunWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RerunWarning)
        yield


def _curve(batch: pa.RecordBatch, attempt: int) -> Curve:
    import numpy as np
    import pyarrow.compute as pc

    lists: pa.Array = column(batch, _NUMBERS)
    counts = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    stamps = []
    for name, absent in (("step", 0), ("epoch", -1), ("log_time", 0)):
        found = column(batch, name)
        if found is None:
            stamps.append(np.full(len(counts), absent, dtype=np.int64))
        else:
            whole = pc.fill_null(found.cast("int64"), absent)
            stamps.append(whole.to_numpy(zero_copy_only=False))
    values = lists.flatten().to_numpy(zero_copy_only=False).astype(np.float64)
    steps, epochs, times = (np.repeat(one, counts) for one in stamps)
    return Curve(steps, epochs, times, values, np.full(len(values), attempt))


def _is_added(path: str, others: Container[str]) -> bool:
    """Whether the sink has made this from what was logged: a logarithm, percentiles, the phase."""
    top, _, rest = path.partition("/")
    return path == PHASE or (top == LOG10 and rest in others) or _BAND.fullmatch(path) is not None


def _kind(field: pa.Field) -> bytes | None:
    return (field.metadata or {}).get(b"rerun:kind")


def _unescaped(found: re.Match[str]) -> str:
    if found["code"]:
        return chr(int(found["code"], 16))
    return _CONTROL.get(found["letter"], found["letter"])
