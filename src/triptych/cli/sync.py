"""`triptych sync`: what was recorded offline goes up to W&B."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from triptych.cli.failing import told
from triptych.terminal import console

if TYPE_CHECKING:
    from triptych.archive.folder import RunFolder


def sync(
    runs: Annotated[
        list[str] | None,
        typer.Argument(help='Ids, either end of one, run folders, or "latest".', metavar="RUN…"),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All runs that wait.")] = False,
    root: Annotated[Path, typer.Option(help="Folder of all runs.")] = Path("runs"),
) -> None:
    """Send to W&B what runs have recorded offline, with their artifacts.

    A resumed run becomes one run there. What is sent is marked: again, nothing is sent twice.

    It needs a login (`wandb login`, or WANDB_API_KEY). Exits with 1 if W&B did not take everything.
    """
    if bool(runs) == everything:
        raise typer.BadParameter("Say which: pass runs, or --all.")
    with told():
        from triptych.archive.find import all_runs, find_runs

        folders = all_runs(root) if everything else find_runs(runs or (), root)
    good, lines = True, 0
    for folder in folders:
        try:
            with told(), console().status(f"Sending {folder.id}"):
                line = _send(folder, of_all=everything)
        except typer.Exit:  # it was told, and the other runs may be well
            good = False
            continue
        if line is not None:
            typer.echo(f"{folder.id}: {line}")
            lines += 1
    if not good:
        raise typer.Exit(1)
    if not lines:
        typer.echo("nothing to send")


def _send(folder: RunFolder, *, of_all: bool) -> str | None:
    """Send one run; what to say of it, or None."""
    from triptych.archive.repair import StillRunning
    from triptych.archive.sync import send

    try:
        sent = send(folder)
    except StillRunning:
        if not of_all:
            raise
        return "still going on, left for later"
    if sent.page is None:
        return None if of_all else "nothing to send"
    return sent.page + ("; the last record was torn when it was killed" if sent.cut_off else "")
