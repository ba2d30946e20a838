"""`triptych ls`: the runs there are, the newest last."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from triptych.cli.failing import told
from triptych.cli.looks import duration, number, screen, status_text, table
from triptych.cli.options import ROOT, AsJson, Root
from triptych.terminal import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from triptych.archive.overview import Overview

_MOST_METRICS = 3
_LEFT = ("status", "project")


def ls(
    root: Root = ROOT,
    as_json: AsJson = False,
) -> None:
    """List the runs: how each ended and where, how long it took, its size, its newest numbers.

    A narrow terminal shows fewer columns; --json has all numbers.
    """
    with told(), console().status("Reading the runs"):
        from triptych.archive.find import all_runs
        from triptych.archive.overview import overview

        runs = [overview(folder) for folder in all_runs(root)]
    if as_json:
        typer.echo(json.dumps([asdict(run) for run in runs], indent=2))
    elif runs:
        _print(runs)
    else:
        typer.echo(f"there are no runs in {root}", err=True)


def _print(runs: list[Overview]) -> None:
    """The columns for which there is room; the most important come first."""
    from rich.filesize import decimal
    from rich.measure import Measurement

    columns: dict[str, Sequence[str | Text]] = {
        "run": [run.id for run in runs],
        "status": [status_text(run.status) for run in runs],
        "step": ["" if run.step is None else f"{run.step:,}" for run in runs],
        "took": [duration(run.seconds) for run in runs],
        "incidents": [str(run.incidents or "") for run in runs],
        **{
            path: [number(run.metrics[path]) if path in run.metrics else "" for run in runs]
            for path in _metrics(runs)
        },
        "size": [decimal(run.bytes) for run in runs],
        "project": [run.project for run in runs],
    }
    if not any(columns["incidents"]):
        del columns["incidents"]
    if len(set(columns["project"])) == 1:
        del columns["project"]
    out = screen()
    wide = out.options.update(width=10_000)
    while True:
        shown = table(list(columns), zip(*columns.values(), strict=True), left=_LEFT)
        if len(columns) == 1 or Measurement.get(out, wide, shown).maximum <= out.width:
            break
        columns.popitem()
    out.print(shown)


def _metrics(runs: list[Overview]) -> list[str]:
    """The paths that most runs have among their first, which are losses."""
    counted = Counter(path for run in runs for path in list(run.metrics)[:_MOST_METRICS])
    return [path for path, _ in counted.most_common(_MOST_METRICS)]
