"""`triptych rm`: runs leave the disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from triptych.cli.failing import told
from triptych.cli.removing import carry_out


def rm(
    runs: Annotated[
        list[str],
        typer.Argument(help='Ids, either end of one, run folders, or "latest".', metavar="RUN…"),
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it.")] = False,
    root: Annotated[Path, typer.Option(help="Folder of all runs.")] = Path("runs"),
    as_json: Annotated[bool, typer.Option("--json", help="For machines: a list.")] = False,
) -> None:
    """Show what removing runs would take away; with --yes, remove them.

    Whole run folders go, with the checkpoints in them. If one may not go, none does: it is still
    going on, or the folder is not certain to be a run's.
    """
    with told():
        from triptych.archive.find import find_runs
        from triptych.archive.removal import check_removable

        going = find_runs(runs, root)
        for folder in going:
            check_removable(folder)
    carry_out(going, yes=yes, as_json=as_json)
