"""`triptych screenshot`: a recording as the viewer shows it, on a machine without a display."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from triptych.archive.find import find_run
from triptych.terminal import console
from triptych.viewer import NoVulkan, open_viewer

NO_VULKAN = 3
"""Exit code where there is nothing to draw with."""


def screenshot(
    run: Annotated[
        str, typer.Argument(help='Run id, run folder, .rrd file, or "latest".', metavar="RUN")
    ] = "latest",
    step: Annotated[int | None, typer.Option(help="Step to show; by default the last.")] = None,
    view: Annotated[
        str | None,
        typer.Option(help='One view by its name or path, such as "Loss" or "val/worst".'),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The PNG file.")] = None,
    size: Annotated[str, typer.Option(help="Width and height in pixels.")] = "1600x1000",
    root: Annotated[Path, typer.Option(help="Folder of all runs.")] = Path("runs"),
) -> None:
    """Take a picture of a run's dashboard, or of one view of it, with no display and no GPU.

    A run with several attempts shows its newest; name an earlier one by its .rrd file. Exits with
    3 where no Vulkan driver is found.
    """
    window = _parse_size(size)
    try:
        recording = _find_recording(run, root)
        with open_viewer(window) as viewer:
            viewer.open(recording)
            viewer.go_to(step)
            png = viewer.look(view).png
        file = output or Path(_name(recording, step, view))
        file.write_bytes(png)
    except NoVulkan as why:
        console().print(str(why), markup=False)
        raise typer.Exit(NO_VULKAN) from why
    except (LookupError, OSError, RuntimeError, ValueError) as why:
        console().print(str(why.args[0] if isinstance(why, LookupError) else why), markup=False)
        raise typer.Exit(1) from why
    typer.echo(file)


def _parse_size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{2,5})x(\d{2,5})", text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is no size such as 1600x1000.", param_hint="--size")
    return int(found[1]), int(found[2])


def _find_recording(run: str, root: Path) -> Path:
    path = Path(run).expanduser()
    if path.suffix == ".rrd":
        if not path.is_file():
            raise ValueError(f"There is no recording {str(path)!r}.")
        return path
    folder = find_run(run, root)
    attempts = sorted(folder.path.glob("recording-*.rrd"), key=lambda one: one.stat().st_mtime)
    if not attempts:
        raise ValueError(f"{str(folder.path)!r} has no recording: the run was made without one.")
    return attempts[-1]


def _name(recording: Path, step: int | None, view: str | None) -> str:
    """A name that says what is in the picture, in the current folder."""
    folder = recording.absolute().parent
    parts = [folder.name if (folder / "run.json").exists() else recording.stem]
    parts += [re.sub(r"[^\w.-]+", "-", view).strip("-")] if view else []
    parts += [f"step-{step}"] if step is not None else []
    return "-".join(parts) + ".png"
