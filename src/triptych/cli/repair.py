"""`triptych repair`: make a run whole whose process was killed."""

from __future__ import annotations

import typer

from triptych.cli.failing import told
from triptych.cli.looks import count
from triptych.cli.options import ROOT, OneRun, Root


def repair(
    run: OneRun,
    root: Root = ROOT,
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
        numbers, lines = count(done.numbers, "number"), count(done.lines, "line")
        typer.echo(
            f"{folder.id}: put back {numbers} and {lines} into the recording, "
            f"{count(done.logged, 'line')} into train.log; the run ended at step {done.step}"
        )
