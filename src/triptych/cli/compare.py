"""`triptych compare`: in what runs differ, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from triptych.cli.failing import told
from triptych.cli.looks import clock, duration, number, screen, status_text, table
from triptych.cli.options import ROOT, AsJson, Root, SeveralRuns
from triptych.terminal import console

if TYPE_CHECKING:
    from rich.text import Text

    from triptych.archive.comparison import Comparison

_MOST_NUMBERS = 20
_MOST_PLOTS = 12
_ABSENT = "-"


def compare(
    runs: SeveralRuns,
    save: Annotated[
        Path | None, typer.Option(help="A PNG file: the curves of all runs, a plot for each path.")
    ] = None,
    root: Root = ROOT,
    as_json: AsJson = False,
) -> None:
    """Put runs side by side: the settings that differ, and the last and the best numbers.

    The best of a loss or an error is the least, that of an accuracy or a score the greatest; of
    what has neither name only the last is shown.
    """
    with told(), console().status("Reading the runs"):
        from triptych.archive.comparison import compare as compare_folders
        from triptych.archive.find import find_runs

        found = compare_folders(find_runs(runs, root))
        if save is not None:
            _save(found, save)
    if as_json:
        typer.echo(json.dumps(_plain(found), indent=2))
    else:
        _print(found)
    if save is not None:
        typer.echo(f"\ncurves: {save}", err=as_json)


def _save(found: Comparison, file: Path) -> None:
    from triptych.archive.course import main_paths
    from triptych.rendering.overlay import draw_overlay

    plots = {
        path: {label: (one.steps, one.values) for label, one in found.curves[path].items()}
        for path in main_paths(found.curves)
        if max(map(len, found.curves[path].values())) > 1
    }
    if not plots:
        raise ValueError("there is nothing to draw: no number was logged more than once")
    picture = draw_overlay(dict(list(plots.items())[:_MOST_PLOTS]), list(found.runs))
    file.write_bytes(picture.data)


def _plain(found: Comparison) -> Any:
    from triptych.archive.comparison import good_end
    from triptych.archive.plain import plain

    return plain(
        {
            "runs": {label: asdict(one) for label, one in found.runs.items()},
            "settings": found.settings,
            "shared": found.shared,
            "origin": found.origin,
            "numbers": {
                path: {label: asdict(course) for label, course in courses.items()}
                for path, courses in found.courses.items()
            },
            "best": {path: good_end(path) for path in found.courses},
        }
    )


def _print(found: Comparison) -> None:
    from rich.text import Text

    labels = list(found.runs)
    rows: list[Sequence[str | Text]] = [*_heads(found)]
    for title, part in (
        ("settings", _values(found.settings, labels)),
        ("origin", _values(found.origin, labels)),
        ("numbers", _numbers(found, labels)),
    ):
        if here := list(part):
            rows.extend(([""], [Text(title, style="bold")]))
            rows.extend(here)
    screen().print(table(["", *labels], rows))


def _heads(found: Comparison) -> Iterator[Sequence[str | Text]]:
    runs = found.runs.values()
    yield ["status", *(status_text(run.status) for run in runs)]
    yield ["step", *("" if run.step is None else f"{run.step:,}" for run in runs)]
    yield ["began", *(clock(run.started) for run in runs)]
    yield ["took", *(duration(run.seconds) for run in runs)]


def _values(
    values: Mapping[str, Mapping[str, Any]], labels: list[str]
) -> Iterator[Sequence[str | Text]]:
    for name, row in values.items():
        yield [name, *(str(row[label]) if label in row else _ABSENT for label in labels)]


def _numbers(found: Comparison, labels: list[str]) -> Iterator[Sequence[str | Text]]:
    from rich.text import Text

    from triptych.archive.comparison import good_end
    from triptych.archive.course import main_paths

    shown = main_paths(found.courses)[:_MOST_NUMBERS]
    for path in shown:
        courses = found.courses[path]
        last = {label: number(course.last.value) for label, course in courses.items()}
        yield [path, *(last.get(label, _ABSENT) for label in labels)]
        if best := found.best(path):
            winner = found.winner(path)
            ends = {
                label: Text(
                    f"{number(point.value)} at {point.step:,}",
                    style="bold green" if label == winner else "",
                )
                for label, point in best.items()
            }
            yield [f"  {good_end(path)}", *(ends.get(label, _ABSENT) for label in labels)]
    if len(found.courses) > len(shown):
        yield [f"{len(found.courses) - len(shown)} more with --json"]
