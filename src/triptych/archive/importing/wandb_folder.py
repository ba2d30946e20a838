"""W&B's run folders, offline or synced, through W&B's own reader of its transaction log."""

from __future__ import annotations

import json
import math
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from triptych.archive.importing.items import (
    About,
    Ending,
    Item,
    Number,
    Settings,
    happened,
    said,
    shown,
)
from triptych.archive.importing.wandb_media import Media
from triptych.pipeline.records import Status
from triptych.visuals import Text

_AXES = ("trainer/global_step", "train/global_step", "global_step")
_CUT_OFF = "the end of the log, which was cut off or is not written yet"
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_FAILED = "W&B's own reader does not take {log!r}: {why}"

_PATIENCE = 60.0
"""Seconds for W&B's reader, whatever it reads."""

_SLOWEST = 1e6
"""Bytes a second that it reads at the least."""


@dataclass(slots=True)
class _Now:
    """Where the log has come to.

    `printed` are the lines that have not ended, by their source; `keys` those of all rows.
    """

    axis: str
    time: float
    step: int = 0
    epoch: int | None = None
    printed: dict[str, str] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    summary: dict[str, Any] = field(default_factory=dict)
    ended: bool = False

    @property
    def stamp(self) -> tuple[int, int | None, float]:
        return self.step, self.epoch, self.time

    def at(self, content: Mapping[str, Any]) -> tuple[int, int | None, float]:
        """The stamp of a record that may have a time of its own."""
        told = content.get("timestamp")
        return self.step, self.epoch, _seconds(told) if told else self.time


class WandbFolder:
    """One run as W&B keeps it on disk.

    Numbers, pictures with boxes and masks, tables, histograms, texts, sounds, videos, alerts, what
    was printed, and W&B's own figures of the machine, below "system/". A number that stands in the
    summary alone has the last step; a log without an end is that of a killed run. The step is the
    metric that the run has made the x-axis of all others, one that Lightning or the Hugging Face
    Trainer counts in, or else W&B's own row counter.

    Args:
        path: The folder, or the .wandb file in it.

    Raises:
        ValueError: There is no such file, or it is no transaction log.
    """

    def __init__(self, path: Path) -> None:
        log = next(iter(sorted(path.glob("*.wandb"))), None) if path.is_dir() else path
        if log is None:
            raise ValueError(f"{str(path)!r} holds no .wandb file; pass the folder of one run")
        self._log = log
        self.left_out: Counter[str] = Counter()
        self._media = Media(log.parent / "files", self.left_out)
        run = next((r["run"] for r in self._records() if r["type"] == "run"), None)
        if run is None:
            raise ValueError(_FAILED.format(log=str(log), why="it does not say which run it is"))
        started = run.get("start_time")
        self._started = _seconds(started) if started else log.stat().st_mtime
        self.about = About(
            kind="W&B",
            origin=path,
            project=run.get("project") or "uncategorized",
            name=run.get("display_name") or run["run_id"],
            started=self._started,
            config=_config(run),
            tags=tuple(run.get("tags", ())),
            notes=run.get("notes") or None,
            group=run.get("run_group") or None,
        )

    def items(self) -> Iterator[Item]:
        """Read the log to its end, or to where it was cut off."""
        now = _Now(self._axis(), self._started)
        readers = {
            "history": self._row,
            "output_raw": _printed,
            "output_logger": _printed,
            "stats": _measured,
            "config": _configured,
            "alert": _alerted,
            "summary": _summed_up,
            "exit": _ended,
        }
        for record in self._records():
            reader = readers.get(record["type"])
            if reader is not None:
                yield from reader(record.get(record["type"], {}), now)
        for source, rest in now.printed.items():
            if rest:
                yield said(source, *now.stamp, rest)
        for key in now.summary.keys() - now.keys:
            value, inside = now.summary[key], f"{key.rpartition('.')[0]}._type" in now.summary
            if isinstance(value, int | float) and not key.startswith("_") and not inside:
                yield Number(key, *now.stamp, float(value))
        if not now.ended:
            self.left_out[_CUT_OFF] += 1
            yield Ending(Status.KILLED)

    def _row(self, content: Mapping[str, Any], now: _Now) -> Iterator[Item]:
        row = content.get("item", {})
        now.keys |= row.keys()
        step, epoch = row.get(now.axis), row.get("epoch")
        if isinstance(step, int | float):
            now.step = int(step)
        if isinstance(epoch, int | float):
            now.epoch = int(epoch)
        now.time = row.get("_timestamp", now.time)
        media = [key.removesuffix("._type") for key in row if key.endswith("._type")]
        media = [key for key in media if not any(key.startswith(f"{one}.") for one in media)]
        for key in media:
            fields = {
                name.removeprefix(f"{key}."): value
                for name, value in row.items()
                if name.startswith(f"{key}.")
            }
            for name, visual in self._media.visuals(key, fields):
                yield shown(name, *now.stamp, visual)
        inside = tuple(f"{key}." for key in media)
        for key, value in row.items():
            if key.startswith(("_", *inside)) or key == now.axis or value is None:
                continue
            number = _NOT_FINITE.get(value, value) if isinstance(value, str) else value
            if isinstance(number, int | float):
                yield Number(key, *now.stamp, float(number))
            elif isinstance(value, str):
                yield shown(key, *now.stamp, Text(value))
            else:
                self.left_out[f"W&B {type(value).__name__}"] += 1

    def _axis(self) -> str:
        """The step metric of all others, where the run has defined one, or one that we know."""
        known: set[str] = set()
        for record in self._records():
            if record["type"] == "metric":
                metric = record["metric"]
                if metric.get("glob_name") == "*" and "step_metric" in metric:
                    return str(metric["step_metric"])
            elif record["type"] == "history":
                known |= record["history"].get("item", {}).keys() & set(_AXES)
        return next((axis for axis in _AXES if axis in known), "_step")

    def _records(self) -> Iterator[dict[str, Any]]:
        with _inspected(self._log) as lines:
            yield from map(json.loads, lines)


@contextmanager
def _inspected(log: Path) -> Iterator[IO[str]]:
    """What W&B's own program reads, a record a line.

    It has been seen to go round and round for ever on a file that it read at once a moment later.
    """
    from wandb.util import get_core_path

    options = ["-json", "-no-observability", "-run-file"]
    command = [get_core_path(), "leet", "inspect", *options, str(log)]
    patience = _PATIENCE + log.stat().st_size / _SLOWEST
    for last in (False, True):
        # files: as long as the records are, and a pipe could fill up
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8") as lines,
            tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
        ):
            try:
                done = subprocess.run(  # noqa: S603  # W&B's own program, and no shell
                    command, stdout=lines, stderr=errors, timeout=patience, check=False
                )
            except subprocess.TimeoutExpired:
                if last:
                    why = f"it has not come to an end within {patience:.3g} seconds, twice"
                    raise ValueError(_FAILED.format(log=str(log), why=why)) from None
                continue
            lines.seek(0)
            yield lines
            errors.seek(0)
            why = errors.read().strip() or "no reason given"
        if done.returncode:
            raise ValueError(_FAILED.format(log=str(log), why=why))
        return


def _printed(content: Mapping[str, Any], now: _Now) -> Iterator[Item]:
    source = content.get("output_type", "log").lower()
    *lines, rest = (now.printed.get(source, "") + content.get("line", "")).split("\n")
    now.printed[source] = rest
    for line in lines:
        yield said(source, *now.at(content), line.rpartition("\r")[2])


def _measured(content: Mapping[str, Any], now: _Now) -> Iterator[Item]:
    for name, value in content.get("item", {}).items():
        yield Number("system/" + name.replace("/", "_"), *now.at(content), float(value))


def _configured(content: Mapping[str, Any], _now: _Now) -> Iterator[Item]:
    yield Settings(_config({"config": content}))


def _alerted(content: Mapping[str, Any], now: _Now) -> Iterator[Item]:
    words = (content.get("title"), content.get("text"))
    yield happened(*now.stamp, ": ".join(filter(None, words)))


def _summed_up(content: Mapping[str, Any], now: _Now) -> Iterator[Item]:
    now.summary |= content.get("update", {})
    yield from ()


def _ended(content: Mapping[str, Any], now: _Now) -> Iterator[Item]:
    now.ended = True
    if content.get("exit_code"):
        yield Ending(Status.FAILED)


def _config(content: Mapping[str, Any]) -> dict[str, Any]:
    found = content.get("config", {}).get("update", {})
    return {key: value for key, value in found.items() if key != "_wandb"}


def _seconds(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp()
