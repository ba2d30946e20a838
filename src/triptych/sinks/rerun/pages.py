"""What a run is and how it went, as pages to read in the viewer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from triptych.dashboard import Number, place
from triptych.nested import flatten
from triptych.pipeline.records import Failure, RunInfo, Status

if TYPE_CHECKING:
    from triptych.pipeline.totals import Totals

_MOST_NUMBERS = 200  # a page longer than that is not read; run.json has all


def config_page(info: RunInfo) -> str:
    """The run's name, what the user noted, and the settings, as Markdown."""
    return "\n".join(_head(info) + table(("setting", ""), flatten(info.config)))


def summary_page(
    info: RunInfo,
    status: Status,
    error: Failure | None,
    numbers: Mapping[str, Number],
    totals: Totals | None = None,
) -> str:
    """How the run stands, where else it is, its newest numbers and where it came from.

    Args:
        info: The run.
        status: How it stands.
        error: What ended it, or None.
        numbers: The newest value of each path.
        totals: What became of everything; None while the run goes on.

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
    lines = _head(info) + table(("run", ""), about.items())
    places = [(name, _place(how)) for name, how in info.opens_with.items() if how]
    lines += table(("open again", ""), places)
    newest = [(path, f"{one.value:.6g}", one.step) for path, one in numbers.items()]
    newest.sort(key=lambda row: place(row[0]))
    lines += table(("number", "newest", "at step"), newest[:_MOST_NUMBERS])
    if len(newest) > _MOST_NUMBERS:
        lines += [f"{len(newest) - _MOST_NUMBERS} more numbers are in run.json.", ""]
    lines += _fates(totals) if totals is not None else []
    lines += table(("setting", ""), flatten(info.config))
    lines += table(("provenance", ""), flatten(info.provenance))
    return "\n".join(lines)


def _fates(totals: Totals) -> list[str]:
    sinks = [
        (name, f"{one.accepted:,}", f"{one.delivered:,}", one.told())
        for name, one in totals.sinks.items()
    ]
    odd = [
        (path, f"{count:,} {what}")
        for what, paths in (("rejected", totals.rejected), ("not finite", totals.nonfinite))
        for path, count in paths.items()
    ]
    return [
        *table(("sent to", "accepted", "delivered", "shed"), sinks),
        *table(("odd values", ""), odd[:_MOST_NUMBERS]),
    ]


def _head(info: RunInfo) -> list[str]:
    notes = [_cell(info.notes), ""] if info.notes else []
    return [f"### {_cell(info.name)}", "", *notes]


def table(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """The lines of a Markdown table, and an empty one; none where there are no rows."""
    lines = [_line(row) for row in rows]
    return [_line(names), "| --- " * len(names) + "|", *lines, ""] if lines else []


def _line(cells: Iterable[Any]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _place(how: str) -> str:
    """A link to follow, or a command to copy."""
    return f"<{how}>" if how.startswith(("http://", "https://")) else f"`{how}`"


def _cell(value: Any) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
