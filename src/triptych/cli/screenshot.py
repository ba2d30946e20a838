"""`triptych screenshot`: a recording as the viewer shows it, on a machine without a display."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from triptych.archive.find import find_run
from triptych.cli.failing import tell
from triptych.cli.options import ROOT, Root, known_runs
from triptych.viewer.headless import NoVulkan, open_viewer

NO_VULKAN = 3
"""Exit code where there is nothing to draw with."""


def screenshot(
    run: Annotated[
        str,
        typer.Argument(
            help='Run id, run folder, .rrd file, or "latest".',
            metavar="RUN",
            autocompletion=known_runs,
        ),
    ] = "latest",
    step: Annotated[int | None, typer.Option(help="Step to show; by default the last.")] = None,
    view: Annotated[
        str | None,
        typer.Option(help='One view by its name, or a path in it: "Loss", "val/worst".'),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The PNG file.")] = None,
    size: Annotated[str, typer.Option(help="Width and height in pixels.")] = "1600x1000",
    root: Root = ROOT,
) -> None:
    """Take a picture of a run's dashboard, or of one view of it, with no display and no GPU.

    The attempts of a run are shown as one; name one of them by its .rrd file. Exits with 3 where no
    Vulkan driver is found.
    """
    window = _parse_size(size)
    try:
        with TemporaryDirectory() as place:
            recording = _find_recording(run, root, Path(place))
            with open_viewer(window) as viewer:
                viewer.open(recording)
                viewer.go_to(step)
                png = viewer.look(view).png
        file = output or Path(_name(recording, step, view))
        file.write_bytes(png)
    except (LookupError, OSError, RuntimeError, ValueError) as why:
        tell(why)
        raise typer.Exit(NO_VULKAN if isinstance(why, NoVulkan) else 1) from why
    typer.echo(file)


def _parse_size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{2,5})x(\d{2,5})", text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is no size such as 1600x1000.", param_hint="--size")
    return int(found[1]), int(found[2])


def _find_recording(run: str, root: Path, place: Path) -> Path:
    path = Path(run).expanduser()
    if path.suffix == ".rrd":
        if not path.is_file():
            raise ValueError(f"There is no recording {str(path)!r}.")
        return path
    from triptych.archive.merge import one_recording

    return one_recording(find_run(run, root), place)


def _name(recording: Path, step: int | None, view: str | None) -> str:
    """A name that says what is in the picture, in the current folder."""
    folder = recording.absolute().parent
    parts = [folder.name if (folder / "run.json").exists() else recording.stem]
    parts += [re.sub(r"[^\w.-]+", "-", view).strip("-")] if view else []
    parts += [f"step-{step}"] if step is not None else []
    return "-".join(parts) + ".png"
