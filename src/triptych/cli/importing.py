"""`triptych import`: logs of other tools become runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from triptych.cli.failing import told
from triptych.cli.looks import count
from triptych.cli.options import ROOT, Root
from triptych.commands import command, short
from triptych.terminal import console


def import_(
    path: Annotated[
        Path, typer.Argument(help="A log, its folder, or a folder of such.", metavar="PATH")
    ],
    project: Annotated[
        str | None, typer.Option(help="Of the new runs; by default what the log says.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Of the new runs; by default what the log says.")
    ] = None,
    root: Root = ROOT,
) -> None:
    """Make runs of old logs, so that they open in Rerun beside new ones.

    Takes TensorBoard event files, run folders of W&B, metrics.csv of Lightning, and exports.

    Numbers, pictures and texts keep their steps and times.
    """
    with told(), console().status(f"Importing {path}"):
        from triptych.archive.importing import import_runs

        for run in import_runs(path, project=project, name=name, root=root):
            typer.echo(f"{run.about.kind}: {short(str(run.about.origin))}")
            numbers = count(run.numbers, "number")
            typer.echo(f"  {numbers}, {run.records:,} pictures, texts and lines")
            for what, times in run.left_out.most_common():
                typer.echo(f"  left out: {what} ({times})")
            recording = short(str(run.folder.recording(1)))
            typer.echo(f"  open it: {command('rerun')} {recording}")
