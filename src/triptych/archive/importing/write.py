"""`write_run`: the log of another tool becomes a run folder, with the times that it has."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from triptych.archive.folder import RunFolder
from triptych.archive.importing.items import About, Ending, Number, Settings, Source
from triptych.archive.names import new_run_id, safe_name
from triptych.archive.plain import plain
from triptych.archive.secrets import mask
from triptych.pipeline.own import Unloggable
from triptych.pipeline.paths import normal_path
from triptych.pipeline.records import Batch, Columns, Config, Record, RunInfo, Stamp, Status
from triptych.pipeline.sink import NotShown, Sink
from triptych.sinks.rerun import RerunSink
from triptych.sinks.text import TextSink
from triptych.words import logging_config

_CLOSING = 600.0  # seconds that Rerun may take to write the last of it


@dataclass
class Imported:
    """A run that was imported.

    Attributes:
        folder: The run.
        about: Who it was.
        numbers: How many there are.
        records: How many pictures, texts, lines and other records there are.
        left_out: What Triptych has no place for, and how often it was there.
    """

    folder: RunFolder
    about: About
    numbers: int = 0
    records: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


def write_run(source: Source, root: str | os.PathLike[str]) -> Imported:
    """Write a run folder with a recording, run.json and train.log.

    The id begins with the time when the run started, as if it had been a run of Triptych then.

    Args:
        source: What is imported.
        root: Where all projects live.

    Raises:
        OSError: The folder cannot be written.
    """
    about = source.about
    started = datetime.fromtimestamp(about.started, UTC).astimezone()
    home = Path(root).expanduser().absolute() / safe_name(about.project)
    folder = RunFolder(home / new_run_id(about.name, started))
    folder.make()
    info = RunInfo(
        id=folder.id,
        project=about.project,
        name=about.name,
        attempt=1,
        dir=folder.path,
        recording=folder.recording(1),
        config=mask(plain(about.config)),
        provenance={"imported from": str(about.origin), "written by": about.kind},
        tags=about.tags,
        notes=about.notes,
        group=about.group,
    )
    writing = _Writing(info, Imported(folder, about, left_out=source.left_out))
    try:
        writing.write(source)
        folder.write_json(writing.story(started))
    except BaseException:
        shutil.rmtree(folder.path, ignore_errors=True)  # half a run is none
        raise
    return writing.done


class _Writing:
    """One import, on its way through the sinks that every run has."""

    def __init__(self, info: RunInfo, done: Imported) -> None:
        self.done = done
        self._info = info
        self._status = Status.FINISHED
        self._last = Stamp(0, None, "", done.about.started)
        self._numbers: dict[str, list[Number]] = {}
        self._newest: dict[str, tuple[int, float]] = {}
        self._recording = RerunSink()
        text = TextSink(logging_config(console=False))
        self._sinks: list[Sink] = [self._recording, text]

    def write(self, source: Source) -> None:
        for sink in self._sinks:
            sink.open(self._info)
        try:
            for item in source.items():
                self._take(item)
            self._write_numbers()
        finally:
            for sink in self._sinks:
                sink.close(self._status, None, time.monotonic() + _CLOSING)

    def story(self, started: datetime) -> dict[str, Any]:
        """What run.json says."""
        info = self._info
        ending = {
            "status": str(self._status),
            "started": started.isoformat(timespec="seconds"),
            "ended": datetime.fromtimestamp(self._last.time, UTC)
            .astimezone()
            .isoformat("T", "seconds"),
            "step": self._last.step,
        }
        attempt = {"attempt": 1, "recording": info.recording.name, "provenance": info.provenance}
        return {
            "id": info.id,
            "project": info.project,
            "name": info.name,
            "tags": info.tags,
            "notes": info.notes,
            "group": info.group,
            "config": info.config,
            **ending,
            "attempts": [{**attempt, **ending}],
            "opens_with": {"rerun": self._recording.hint},
            "metrics": {path: number for path, (_, number) in sorted(self._newest.items())},
        }

    def _take(self, item: Any) -> None:
        try:
            if isinstance(item, Number):
                path = normal_path(item.path)
                self._numbers.setdefault(path, []).append(item)
            elif isinstance(item, Columns):
                self._write_columns(replace(item, paths=tuple(map(normal_path, item.paths))))
            elif isinstance(item, Record):
                self._write_record(replace(item, path=normal_path(item.path)))
            elif isinstance(item, Settings):
                config = {**self._info.config, **mask(plain(item.config))}
                self._info = replace(self._info, config=config)
                self._write_record(Record("config", self._last, Config(self._info)))
            elif isinstance(item, Ending):
                self._status = item.status
        except (Unloggable, NotShown, ValueError) as error:
            self.done.left_out[str(error)] += 1

    def _write_record(self, record: Record) -> None:
        for sink in self._sinks:
            sink.write(Batch(records=(record,)))
        if not isinstance(record.value, Config):
            self.done.records += 1
            self._last = max(self._last, record.stamp, key=lambda stamp: stamp.step)

    def _write_numbers(self) -> None:
        for path, found in self._numbers.items():
            self._write_columns(
                Columns(
                    (path,),
                    np.array([one.step for one in found], dtype=np.int64),
                    np.array([-1 if one.epoch is None else one.epoch for one in found]),
                    np.array([one.time for one in found]),
                    np.array([[one.value] for one in found], dtype=np.float64),
                    ("",) * len(found),
                    len(found),
                )
            )

    def _write_columns(self, columns: Columns) -> None:
        if not len(columns):
            return
        self._recording.write(Batch(columns=(columns,)))
        self.done.numbers += columns.values.size
        last = int(np.argmax(columns.steps))
        step, when = int(columns.steps[last]), float(columns.times[last])
        self._last = max(self._last, Stamp(step, None, "", when), key=lambda stamp: stamp.step)
        for place, path in enumerate(columns.paths):
            if step >= self._newest.get(path, (-1, 0.0))[0]:
                self._newest[path] = (step, float(columns.values[last, place]))
