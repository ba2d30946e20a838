"""`triptych view`: a run in the viewer, or several over each other."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from triptych.cli.failing import told
from triptych.cli.options import ROOT, AnyRuns, Root
from triptych.commands import command
from triptych.terminal import console
from triptych.viewer.tunnel import tunnel

if TYPE_CHECKING:
    from triptych.archive.folder import RunFolder


def view(
    runs: AnyRuns = None,
    web: Annotated[
        bool, typer.Option("--web", help="Serve the viewer to a browser on this machine.")
    ] = False,
    step: Annotated[int | None, typer.Option(help="Where to look; by default at the end.")] = None,
    save: Annotated[
        Path | None, typer.Option(help="Only write what would be shown: an .rrd file.")
    ] = None,
    root: Root = ROOT,
) -> None:
    """Open a run in Rerun's viewer, its attempts as one; or several runs over each other.

    Without a RUN it is the newest. Of several runs the curves at one path share a plot, each with a
    colour of its own, their pictures stand side by side, and a page says in what the runs differ.
    """
    if step is not None and (web or save):
        raise typer.BadParameter("only a window can be opened at a step.", param_hint="--step")
    with told(), TemporaryDirectory(prefix="triptych-view-") as place:
        from triptych.archive.find import find_runs

        folders = find_runs(runs or ["latest"], root)
        with console().status("Reading"):
            to = save or Path(place, "view.rrd")
            recording = _recording(folders, to, always=save is not None)
        if save is not None:
            typer.echo(save)
            return
        code = _show(recording, web=web, step=step)
    raise typer.Exit(code)


def _recording(folders: list[RunFolder], to: Path, *, always: bool) -> Path:
    """The recording to open: the run's own where that is enough, else a new one at `to`."""
    from triptych.archive.merge import merged, one_recording
    from triptych.archive.overlay import overlay

    for folder in folders:
        _warn(folder)
    if len(folders) > 1:
        return overlay(folders, to)
    (folder,) = folders
    return merged(folder.path, to) if always else one_recording(folder, to.parent)


def _warn(folder: RunFolder) -> None:
    """Say what is not in the recording, or not yet."""
    from triptych.archive.alive import is_alive
    from triptych.archive.tail import journals

    if is_alive(folder, folder.read_json()):
        told = "goes on: this is what it has recorded until now; triptych.run(live=True) shows more"
    elif journals(folder):
        told = f"was killed: `{command('triptych')} repair {folder.id}` puts back its last moments"
    else:
        return
    console().print(f"{folder.id} {told}", style="yellow", markup=False)


def _show(recording: Path, *, web: bool, step: int | None) -> int:
    from triptych.viewer.window import open_window, serve_browser

    try:
        return serve_browser(recording, _tell) if web else open_window(recording, step)
    except KeyboardInterrupt:  # how one closes it
        return 0


def _tell(address: str, ports: list[int]) -> None:
    if way := tunnel(ports):
        typer.echo(f"on the machine that you sit at: {way}")
    typer.echo(f"in its browser: {address}")
    console().print("Ctrl-C ends it")
