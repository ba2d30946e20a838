"""`repair`: put back into a run what its process, killed, could not hand over."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from triptych.archive.artifacts import is_noted, note
from triptych.archive.folder import RunFolder
from triptych.archive.gap import Gap, missing
from triptych.archive.info import attempts_of, info_of
from triptych.archive.tail import Tail, journals, read_tail
from triptych.archive.train_log import append_missing
from triptych.commands import command
from triptych.pipeline.journal import delete, lock
from triptych.pipeline.records import Artifact, Failure, Record, RunInfo, Status

_REQUESTED = (130, 143)  # exit codes after Ctrl-C and SIGTERM


class StillRunning(OSError):  # noqa: N818  # no error of the run's
    """The process that writes the journal is alive."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was done.

    Attributes:
        journals: How many there were: one for each process of the run that was killed.
        numbers: How many were put back into recordings.
        lines: How many lines, events and errors were put back into recordings.
        logged: How many lines were put back into train.log.
        step: The last one of the run, by what it has logged; None where there was no journal.
    """

    journals: int = 0
    numbers: int = 0
    lines: int = 0
    logged: int = 0
    step: int | None = None


def repair(folder: RunFolder) -> Repaired:
    """Make the recordings and train.log of a killed run whole, and say in run.json how it ended.

    Each recording becomes one valid file with a footer, and takes the place of the old one only
    when Rerun itself has found it sound; one that cannot be read at all is set aside as
    `recording-<attempt>.damaged`. The journal goes last, so a repair that is itself killed
    can be done again, and a second one does nothing. W&B's files stay as they are: it has a log of
    its own, at whose end some tenths of a second may be missing.

    Args:
        folder: Of the run.

    Raises:
        StillRunning: The run goes on, in this process or another.
        OSError: A file cannot be read or written.
        ValueError: run.json is damaged, or Rerun cannot make a recording whole; that recording is
            as it was.
    """
    done = Repaired()
    folder.read_json()  # without it there is nothing to hold on to
    for journal in journals(folder):
        try:
            handle = lock(journal)
        except BlockingIOError as error:
            raise StillRunning(
                f"the run {folder.id!r} is still going on: its process holds {str(journal)!r}; "
                "end it first"
            ) from error
        try:
            done = _repair_one(folder, read_tail(journal), done)
            delete(journal)
        finally:
            os.close(handle)
    return done


def _repair_one(folder: RunFolder, tail: Tail, before: Repaired) -> Repaired:
    told = folder.read_json()
    gaps = missing(folder, tail)
    for place, (attempt, gap) in enumerate(gaps.items()):
        ending = _ending(tail, place, gap)
        _mend_recording(folder, info_of(folder, told, attempt), gap, ending)
        _update(told, attempt, ending)
    logged = append_missing(folder.log, tail.records)
    _add_artifacts(told, tail.records)
    folder.write_json(told)
    lines = sum(len(gap.batch.records) for gap in gaps.values())
    numbers = sum(gap.batch.size for gap in gaps.values()) - lines
    step = told.get("step")
    return Repaired(
        before.journals + 1,
        before.numbers + numbers,
        before.lines + lines,
        before.logged + logged,
        step if isinstance(step, int) else None,
    )


@dataclass(frozen=True, slots=True)
class _Ending:
    """How an attempt has ended, by what it has logged."""

    status: Status
    step: int
    time: float
    failure: Failure | None


def _ending(tail: Tail, place: int, gap: Gap) -> _Ending:
    batch = tail.of(place)
    when, step = Tail((), batch.columns, batch.records).newest
    if not when and gap.known is not None:
        step = max((newest for _, _, newest, _ in gap.known.numbers), default=0)
    values = [record.value for record in batch.records]
    failure = next((one for one in reversed(values) if isinstance(one, Failure)), None)
    if failure is None:
        return _Ending(Status.KILLED, step, when, None)
    # The exception was written down, and then the process was killed before it had closed.
    asked = failure.exit_code in _REQUESTED
    return _Ending(Status.INTERRUPTED if asked else Status.FAILED, step, when, failure)


# ---- the recording


def _mend_recording(folder: RunFolder, info: RunInfo, gap: Gap, ending: _Ending) -> None:
    file = info.recording
    for leftover in folder.path.glob(".repair-*"):  # of a repair that was itself killed
        shutil.rmtree(leftover, ignore_errors=True)
    if not gap.batch.size and (not file.exists() or _is_sound(file)):
        return
    with tempfile.TemporaryDirectory(dir=folder.path, prefix=".repair-") as place:
        supplement, whole = Path(place) / "tail.rrd", Path(place) / "whole.rrd"
        _write(supplement, info, gap, ending)
        parts = [supplement] if gap.known is None else [file, supplement]
        _rerun("merge", *map(str, parts), "-o", str(whole))
        if not _is_sound(whole):
            raise ValueError(
                f"Rerun finds what it made of {str(file)!r} unsound; nothing was changed. "
                f"`rerun rrd stats {file.name}` says what can be read."
            )
        whole.chmod(0o600)
        if file.exists() and gap.known is None:
            file.replace(file.with_suffix(".damaged"))
        whole.replace(file)


def _write(file: Path, info: RunInfo, gap: Gap, ending: _Ending) -> None:
    import time

    from triptych.sinks.rerun.supplement import Supplement

    sink = Supplement(file)
    if gap.known is not None:
        sink.remember(gap.known.numbers, gap.known.archetypes, gap.known.phases)
    sink.open(info)
    sink.write(gap.batch)
    sink.close(ending.status, ending.failure, time.monotonic() + 60)


def _is_sound(file: Path) -> bool:
    return _rerun("verify", str(file)) == 0


def _rerun(*arguments: str) -> int:
    # CI: Rerun counts no visit there.
    environment = {**os.environ, "CI": "1", "RUST_LOG": "error"}
    call = [command("rerun"), "rrd", *arguments]
    return subprocess.run(call, env=environment, capture_output=True, check=False).returncode  # noqa: S603


# ---- run.json


def _update(told: dict[str, Any], attempt: int, ending: _Ending) -> None:
    when = datetime.fromtimestamp(ending.time, UTC).astimezone() if ending.time else None
    facts: dict[str, Any] = {"status": str(ending.status), "step": ending.step}
    if when is not None:
        facts["ended"] = when.isoformat(timespec="seconds")
    if ending.failure is not None:
        facts["exit_code"] = ending.failure.exit_code
    attempts = attempts_of(told)
    for entry in attempts:
        if entry.get("attempt") == attempt and entry.get("status") == str(Status.RUNNING):
            entry.update(facts)
            if ending.failure is not None:
                entry["error"] = f"{ending.failure.kind}: {ending.failure.message}"
                entry["traceback"] = ending.failure.traceback
            if entry is attempts[-1]:
                told.update(facts)


def _add_artifacts(told: dict[str, Any], records: tuple[Record, ...]) -> None:
    for record in records:
        saved, step = record.value, record.stamp.step
        if isinstance(saved, Artifact) and not is_noted(told, record.path, saved, step):
            note(told, record.path, saved, step)
