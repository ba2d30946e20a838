"""`triptych sync`: what was recorded offline goes up to W&B."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from triptych.cli.failing import told
from triptych.cli.options import ROOT, AnyRuns, AsJson, Root
from triptych.terminal import console

if TYPE_CHECKING:
    from triptych.archive.folder import RunFolder
    from triptych.archive.sync import Sent


def sync(
    runs: AnyRuns = None,
    everything: Annotated[bool, typer.Option("--all", help="All runs that wait.")] = False,
    root: Root = ROOT,
    as_json: AsJson = False,
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
    sent: dict[str, Sent] = {}
    failed = False
    for folder in folders:
        try:
            with told(), console().status(f"Sending {folder.id}"):
                one = _send(folder, of_all=everything)
        except typer.Exit:  # it was told, and the other runs may be well
            failed = True
            continue
        if one is not None and (one.page or not everything):
            sent[folder.id] = one
            if not as_json:
                typer.echo(f"{folder.id}: {_say(one)}")
    if as_json:
        rows = [{"id": run_id, **asdict(one)} for run_id, one in sent.items()]
        typer.echo(json.dumps(rows, indent=2))
    if failed:
        raise typer.Exit(1)
    if not (sent or as_json):
        typer.echo("nothing to send")


def _send(folder: RunFolder, *, of_all: bool) -> Sent | None:
    """Send one run; None if it was not asked for by name, and goes on."""
    from triptych.archive.repair import StillRunning
    from triptych.archive.sync import send

    try:
        return send(folder)
    except StillRunning:
        if not of_all:
            raise
        console().print(f"{folder.id} is still going on, and left for later", markup=False)
        return None


def _say(sent: Sent) -> str:
    if sent.page is None:
        return "nothing to send"
    return sent.page + ("; the last record was torn when it was killed" if sent.cut_off else "")
