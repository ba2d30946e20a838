"""Configuration and provenance as Rerun keeps them: typed properties, and a page to read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from triptych.pipeline.records import RunInfo


def properties(values: Mapping[str, Any]) -> Any:
    """The values as the components of one property: `model.width` for a nested one.

    Numbers and booleans become float64 and all else text, lists as JSON: a property's type is fixed
    the first time that a catalog sees it, in all its runs.

    Returns:
        `rerun.AnyValues`, or None where there are no values.
    """
    import pyarrow as pa
    import rerun as rr

    flat = _flatten(values)
    if not flat:
        return None
    found = rr.AnyValues()
    for key, value in flat:
        # One by one: as keyword arguments, a key such as "self" would be taken for another thing.
        typed = [float(value)] if isinstance(value, int | float) else [str(value)]
        found.with_component_from_data(key or "(unnamed)", pa.array(typed))
    return found


def page(info: RunInfo) -> str:
    """What the run is, as Markdown: its name, its configuration, and where it came from."""
    lines = [f"### {_cell(info.name)}", ""]
    lines += [f"{_cell(info.notes)}", ""] if info.notes else []
    about = {"project": info.project, "run": info.id, "attempt": info.attempt}
    if info.group:
        about["group"] = info.group
    if info.tags:
        about["tags"] = ", ".join(info.tags)
    lines += _table("setting", info.config) + _table("run", about)
    lines += _table("provenance", info.provenance)
    return "\n".join(lines)


def _table(title: str, values: Mapping[str, Any]) -> list[str]:
    rows = [f"| {_cell(key)} | {_cell(value)} |" for key, value in _flatten(values)]
    return [f"| {title} | |", "| --- | --- |", *rows, ""] if rows else []


def _flatten(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            found += _flatten(value, f"{name}.")
        elif isinstance(value, list | tuple):
            found.append((name, json.dumps(value, default=str)))
        else:
            found.append((name, value))
    return found


def _cell(value: Any) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
