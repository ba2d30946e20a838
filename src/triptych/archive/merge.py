"""`merged`: the attempts of a run as one recording, which the viewer cannot make of them itself."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from triptych.archive.folder import RunFolder
from triptych.archive.gap import Known, known_of
from triptych.archive.info import ending_of, info_of
from triptych.archive.recording import Recording, column, recordings_of
from triptych.sinks.rerun.supplement import Supplement

_PROPERTIES = "/__properties"
_PAGES = "/run/"
_TEXT = "TextLog:text"
_WITHOUT_PARTS = {_TEXT, "Scalars:scalars", "StateChange:state"}
_PATIENCE = 600.0  # seconds that Rerun may take to write the end of a large file


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The rows of an attempt at one entity.

    Attributes:
        first: Their first step.
        last: Their last step.
        time: Of one at the first step, nanoseconds since 1970.
        visual: Whether there may be parts of a whole, such as boxes below a picture.
    """

    first: int
    last: int
    time: int
    visual: bool

    def with_(self, other: Span | None) -> Span:
        """Both together."""
        if other is None:
            return self
        begin = min(self, other)
        visual = self.visual and other.visual
        return replace(begin, last=max(self.last, other.last), visual=visual)


Spans = Mapping[str, Span]
"""By entity."""


def merged(run: Path, to: Path, under: str = "") -> Path:
    """Put all attempts of a run into one recording that opens as one.

    Where attempts overlap in steps the later one is taken, as `triptych.open_run` does: in two
    recordings side by side the viewer draws a curve twice. Lines, events and errors of all attempts
    stay. The dashboard has a place for everything that any attempt has logged. Reads as it writes:
    what is in memory at once does not grow with the run, its numbers excepted. What a killed
    process had not yet recorded is missing: `repair` the run before.

    Args:
        run: Its folder.
        to: The .rrd file to write.
        under: A path below which everything comes, such as the name of the run, to put several
            runs into one recording; then there are no dashboard and no recording properties.

    Returns:
        `to`. The ids in it are those of the last attempt's recording.

    Raises:
        FileNotFoundError: The run has no recording.
        ValueError: run.json or a recording is damaged.
        OSError: A file cannot be read or written.
    """
    folder = RunFolder(run)
    recordings = recordings_of(folder)
    if not recordings:
        raise FileNotFoundError(f"there is no recording in {str(run)!r}")
    if under:
        _write_below(under, recordings, to)
    elif len(recordings) == 1:
        shutil.copyfile(recordings[0].path, to)
    else:
        _write_whole(folder, recordings, to)
    return to


def one_recording(folder: RunFolder, place: Path) -> Path:
    """The recording that shows a run: its own if there is one, else all of them `merged`.

    Args:
        folder: Of the run.
        place: A folder to write a new one into.

    Raises:
        FileNotFoundError, ValueError, OSError: As `merged`.
    """
    own = list(folder.path.glob("recording-*.rrd"))
    return own[0] if len(own) == 1 else merged(folder.path, place / f"{folder.id}.rrd")


def _write_below(under: str, recordings: Sequence[Recording], to: Path) -> None:
    import rerun as rr
    from rerun.chunk import LazyChunkStream

    top = rr.new_entity_path(under.split("/"))
    moved = (chunk.with_entity_path(f"{top}{chunk.entity_path}") for chunk in _chunks(recordings))
    LazyChunkStream.from_iter(moved).write_rrd(
        to,
        application_id=recordings[-1].application_id,
        recording_id=recordings[-1].recording_id,
    )


def _write_whole(folder: RunFolder, recordings: Sequence[Recording], to: Path) -> None:
    told = folder.read_json()
    known = Known.joined([known_of(one, one.curves()) for one in recordings])
    sink = Supplement(to)
    sink.remember(known.numbers, known.archetypes, known.phases)
    sink.open(info_of(folder, told, recordings[-1].attempt))
    sink.copy(chunk for chunk in _chunks(recordings) if not chunk.entity_path.startswith(_PAGES))
    sink.close(*ending_of(told), time.monotonic() + _PATIENCE)


def _chunks(recordings: Sequence[Recording]) -> Iterator[Any]:
    """Rows of all attempts, of each those that no later one has made again."""
    spans = [_spans(one) for one in recordings] if len(recordings) > 1 else [{}]
    for place, recording in enumerate(recordings):
        yield from _cleared(spans[:place], spans[place])
        for chunk in recording.chunks():
            if not chunk.entity_path.startswith(_PROPERTIES):
                yield from _kept(chunk, spans[place + 1 :])


def _spans(recording: Recording) -> Spans:
    found: dict[str, Span] = {}
    for chunk in recording.chunks():
        batch = chunk.to_record_batch()
        steps, times = column(batch, "step"), column(batch, "log_time")
        if steps is None or times is None or not len(steps):
            continue
        values, at = steps.to_numpy(), int(steps.to_numpy().argmin())
        visual = not _WITHOUT_PARTS & set(batch.schema.names)
        here = Span(values[at], values.max(), times.cast("int64")[at].as_py(), visual)
        found[chunk.entity_path] = here.with_(found.get(chunk.entity_path))
    return found


def _cleared(before: Sequence[Spans], now: Spans) -> Iterator[Any]:
    """The end of what lay over pictures of attempts before, where this one has none there."""
    import rerun as rr
    from rerun.chunk import Chunk

    for entity in sorted({name for spans in before for name, span in spans.items() if span.visual}):
        whole = [now[one] for one in _with_parents(entity) if one != entity and one in now]
        begin = min((span for span in whole if span.visual), default=None)
        if begin is not None and (entity not in now or now[entity].first > begin.first):
            moment = np.array([begin.time], dtype="datetime64[ns]")
            indexes = [
                rr.TimeColumn("step", sequence=[begin.first]),
                rr.TimeColumn("log_time", timestamp=moment),
            ]
            yield Chunk.from_columns(entity, indexes, rr.Clear.columns(is_recursive=[False]))


def _kept(chunk: Any, later: Sequence[Spans]) -> Iterator[Any]:
    """What is left of a chunk beside these attempts, as none or one."""
    entities = list(_with_parents(chunk.entity_path))
    spans = [one[entity] for one in later for entity in entities if entity in one]
    batch = chunk.to_record_batch() if spans else None
    steps = column(batch, "step") if batch is not None else None
    if batch is None or steps is None or _TEXT in batch.schema.names:
        yield chunk
        return
    values = steps.to_numpy()
    mask = np.ones(len(values), dtype=np.bool_)
    for span in spans:
        mask &= (values < span.first) | (values > span.last)
    if mask.all():
        yield chunk
    elif mask.any():
        yield from type(chunk).from_record_batch(batch.filter(mask))


def _with_parents(entity: str) -> Iterator[str]:
    """The entity, and what it may be a part of: boxes go with the picture below which they are."""
    while entity:
        yield entity
        entity = entity.rpartition("/")[0]
