"""What `run.json` says of files that were saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triptych.pipeline.records import Artifact


def note(told: dict[str, Any], kind: str, saved: Artifact, step: int) -> dict[str, Any]:
    """Add an entry, in place of one for the same path under the same name at the same step.

    Args:
        told: The content of run.json; changed.
        kind: In which list.
        saved: The files.
        step: At which they were saved.

    Returns:
        The entry, as it stands there now.
    """
    others = [one for one in _list(told, kind) if not _is(one, saved, step)]
    entry = {
        "path": str(saved.path),
        "name": saved.name,
        "type": saved.type,
        "step": step,
        "metrics": dict(saved.metrics),
        "aliases": list(saved.aliases),
    }
    told[kind] = [*others, entry]
    return entry


def is_noted(told: Mapping[str, Any], kind: str, saved: Artifact, step: int) -> bool:
    """Whether there is an entry for the same path under the same name at the same step."""
    return any(_is(one, saved, step) for one in _list(told, kind))


def _list(told: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    found = told.get(kind)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _is(entry: Mapping[str, Any], saved: Artifact, step: int) -> bool:
    here = (str(saved.path), saved.name, step)
    return (entry.get("path"), entry.get("name"), entry.get("step")) == here
