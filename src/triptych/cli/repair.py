"""`triptych repair`: make a run whole whose process was killed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from triptych.cli.failing import told


def repair(
    run: Annotated[
        str,
        typer.Argument(help='Run id, either end of one, run folder, or "latest".', metavar="RUN"),
    ],
    root: Annotated[Path, typer.Option(help="Folder of all runs.")] = Path("runs"),
) -> None:
    """Put back what a killed process could not hand over: the recording, train.log, run.json.

    Resuming the run does the same. Again, it changes nothing. W&B's own files stay as they are.
    """
    with told():
        from triptych.archive.find import find_run
        from triptych.archive.repair import repair as repair_folder

        folder = find_run(run, root)
        done = repair_folder(folder)
        if not done.journals:
            typer.echo(f"{folder.id}: nothing to repair")
            return
        typer.echo(
            f"{folder.id}: put back {done.numbers:,} numbers and {done.lines:,} lines into the "
            f"recording, {done.logged:,} lines into train.log; the run ended at step {done.step}"
        )
