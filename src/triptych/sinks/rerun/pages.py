"""What a run is and how it went, as pages to read in the viewer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from triptych.dashboard import Number, place
from triptych.pipeline.records import Failure, RunInfo, Status
from triptych.sinks.rerun.properties import flatten

_MOST_NUMBERS = 200  # a page longer than that is not read; run.json has all


def config_page(info: RunInfo) -> str:
    """The run's name, what the user noted, and the settings, as Markdown."""
    return "\n".join(_head(info) + _table(("setting", ""), flatten(info.config)))


def summary_page(
    info: RunInfo, status: Status, error: Failure | None, numbers: Mapping[str, Number]
) -> str:
    """How the run stands, where else it is, its newest numbers and where it came from.

    Args:
        info: The run.
        status: How it stands.
        error: What ended it, or None.
        numbers: The newest value of each path.

    Returns:
        Markdown.
    """
    about: dict[str, Any] = {"status": str(status)}
    if error is not None:
        about["error"] = f"{error.kind}: {error.message}"
    about |= {"project": info.project, "run": info.id, "attempt": info.attempt}
    if info.group:
        about["group"] = info.group
    if info.tags:
        about["tags"] = ", ".join(info.tags)
    lines = _head(info) + _table(("run", ""), about.items())
    places = [(name, _place(how)) for name, how in info.opens_with.items() if how]
    lines += _table(("open again", ""), places)
    newest = [(path, f"{one.value:.6g}", one.step) for path, one in numbers.items()]
    newest.sort(key=lambda row: place(row[0]))
    lines += _table(("number", "newest", "at step"), newest[:_MOST_NUMBERS])
    if len(newest) > _MOST_NUMBERS:
        lines += [f"{len(newest) - _MOST_NUMBERS} more numbers are in run.json.", ""]
    lines += _table(("setting", ""), flatten(info.config))
    lines += _table(("provenance", ""), flatten(info.provenance))
    return "\n".join(lines)


def _head(info: RunInfo) -> list[str]:
    notes = [_cell(info.notes), ""] if info.notes else []
    return [f"### {_cell(info.name)}", "", *notes]


def _table(names: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> list[str]:
    lines = [_line(row) for row in rows]
    return [_line(names), "| --- " * len(names) + "|", *lines, ""] if lines else []


def _line(cells: Iterable[Any]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _place(how: str) -> str:
    """A link to follow, or a command to copy."""
    return f"<{how}>" if how.startswith(("http://", "https://")) else f"`{how}`"


def _cell(value: Any) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
