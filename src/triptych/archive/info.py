"""What `run.json` tells of a run, in the form in which its sinks were told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triptych.archive.folder import RunFolder
from triptych.dashboard import Dashboard
from triptych.pipeline.records import Failure, RunInfo, Status


def info_of(folder: RunFolder, told: Mapping[str, Any], attempt: int) -> RunInfo:
    """What the sinks were told when an attempt began, as far as run.json knows it.

    Args:
        folder: Of the run.
        told: The content of run.json.
        attempt: Counted from 1.
    """
    entry = next((one for one in attempts_of(told) if one.get("attempt") == attempt), {})
    return RunInfo(
        folder.id,
        str(told.get("project", folder.path.parent.name)),
        str(told.get("name", folder.id)),
        attempt,
        folder.path,
        folder.recording(attempt),
        config=_mapping(told.get("config")),
        provenance=_mapping(entry.get("provenance")),
        tags=tuple(map(str, told.get("tags") or ())),
        notes=told.get("notes"),
        group=told.get("group"),
        dashboard=dashboard_of(told),
    )


def dashboard_of(told: Mapping[str, Any]) -> Dashboard | None:
    """What the user wanted of the layout; None where nothing was said."""
    wishes = _mapping(told.get("dashboard"))
    return Dashboard(**wishes) if wishes else None


def ending_of(told: Mapping[str, Any]) -> tuple[Status, Failure | None]:
    """How the run stands, and the exception that ended its last attempt."""
    try:
        status = Status(str(told.get("status")))
    except ValueError:
        status = Status.KILLED
    attempts = attempts_of(told)
    last = attempts[-1] if attempts else {}
    if not last.get("error"):
        return status, None
    kind, _, message = str(last["error"]).partition(": ")
    return status, Failure(kind, message, str(last.get("traceback") or ""))


def attempts_of(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What run.json says of each attempt."""
    attempts = told.get("attempts")
    found = attempts if isinstance(attempts, list) else []
    return [one for one in found if isinstance(one, dict)]


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
