"""`Overview`: a run on one line, whether it goes on, has ended, or was killed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from triptych.archive.alive import status_of
from triptych.archive.folder import RunFolder
from triptych.archive.info import attempts_of
from triptych.archive.plain import JSON, plain
from triptych.archive.reader import RunReader
from triptych.dashboard.naming import EVENTS, place
from triptych.pipeline.records import Status

DAMAGED = "damaged"
"""The status of a run whose run.json cannot be read."""

_HARMLESS = (None, "DEBUG", "INFO")


@dataclass(frozen=True, slots=True)
class Overview:
    """What one line says of a run.

    Attributes:
        id: Of the run.
        project: Of the run.
        name: As the user gave it.
        status: As run.json says it; "killed" also where the process is gone and could not say so,
            and `DAMAGED`.
        bytes: Of all its files.
        step: The last one; None where nobody knows.
        started: ISO 8601, with time zone; None where nobody knows.
        ended: The same; None also while the run goes on.
        seconds: In which its processes lived, all attempts together; None where nobody knows.
        attempts: How many there were.
        incidents: How often something was marked as going wrong, mostly by monitors.
        error: The exception that has ended it, on one line, or None.
        metrics: The newest number of each path, losses first; NaN and infinities as text.
    """

    id: str
    project: str
    name: str
    status: str
    bytes: int
    step: int | None = None
    started: str | None = None
    ended: str | None = None
    seconds: float | None = None
    attempts: int = 0
    incidents: int = 0
    error: str | None = None
    metrics: Mapping[str, JSON] = field(default_factory=dict)


def overview(folder: RunFolder) -> Overview:
    """Look at a run: at run.json alone if it has closed, else at its recording too.

    Never fails: what cannot be read is unknown.
    """
    size = _size(folder)
    try:
        told = folder.read_json()
    except (OSError, ValueError):
        return Overview(folder.id, folder.path.parent.name, folder.id, DAMAGED, size)
    status = status_of(folder, told)
    state = _told_state(told)
    if status in (Status.RUNNING, Status.KILLED):
        state = _recorded_state(folder) or state
    attempts = attempts_of(told)
    return Overview(
        folder.id,
        str(told.get("project", folder.path.parent.name)),
        str(told.get("name", folder.id)),
        status,
        size,
        step=state.step,
        started=_text(told.get("started")),
        ended=None if told.get("status") == Status.RUNNING else _text(told.get("ended")),
        seconds=_seconds(attempts, datetime.now(UTC) if status == Status.RUNNING else state.newest),
        attempts=len(attempts),
        incidents=state.incidents,
        error=_text(attempts[-1].get("error")) if attempts else None,
        metrics={path: plain(state.metrics[path]) for path in sorted(state.metrics, key=place)},
    )


@dataclass(frozen=True, slots=True)
class _State:
    """How far a run has come."""

    step: int | None
    metrics: Mapping[str, Any]
    incidents: int
    newest: datetime | None = None


def _told_state(told: Mapping[str, JSON]) -> _State:
    step, metrics, incidents = (told.get(name) for name in ("step", "metrics", "incidents"))
    return _State(
        step if isinstance(step, int) else None,
        metrics if isinstance(metrics, dict) else {},
        len(incidents) if isinstance(incidents, list) else 0,
    )


def _recorded_state(folder: RunFolder) -> _State | None:
    """What the recording and the journal say; None where they hold no number."""
    try:
        reader = RunReader(folder)
        curves = {path: curve for path, curve in reader.curves.items() if len(curve)}
        incidents = sum(line.level not in _HARMLESS for line in reader.texts(EVENTS))
    except (OSError, ValueError):
        return None
    if not curves:
        return None
    return _State(
        max(int(curve.steps[-1]) for curve in curves.values()),
        {path: float(curve.values[-1]) for path, curve in curves.items()},
        incidents,
        datetime.fromtimestamp(max(int(curve.times[-1]) for curve in curves.values()) / 1e9, UTC),
    )


def _size(folder: RunFolder) -> int:
    found = 0
    for file in folder.path.rglob("*"):
        with suppress(FileNotFoundError):  # of a run that goes on
            found += 0 if file.is_dir() else file.lstat().st_size
    return found


def _seconds(attempts: Sequence[Mapping[str, Any]], newest: datetime | None) -> float | None:
    """How long the attempts lasted; one that did not close until the newest sign of it."""
    found = []
    for attempt in attempts:
        if isinstance(attempt.get("duration"), int | float):
            found.append(attempt["duration"])
            continue
        begin, end = _time(attempt.get("started")), _time(attempt.get("ended")) or newest
        if begin is not None and end is not None:
            found.append(max(0.0, (end - begin).total_seconds()))
    return sum(found) if found else None


def _time(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
