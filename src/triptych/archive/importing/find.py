"""`import_runs`: which logs lie at a path, and a run for each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from triptych.archive.importing.items import Source
from triptych.archive.importing.tables import NumberTable
from triptych.archive.importing.tensorboard import EventFiles
from triptych.archive.importing.wandb_folder import WandbFolder
from triptych.archive.importing.write import Imported, write_run


def import_runs(
    path: str | os.PathLike[str],
    *,
    project: str | None = None,
    name: str | None = None,
    root: str | os.PathLike[str] = "runs",
) -> Iterator[Imported]:
    """Import one log, or all that lie in the folders below a folder.

    Knows TensorBoard event files, the run folders of W&B, the CSV logs of Lightning, and the CSV
    and Parquet files of `triptych export`. Nothing in them is run or unpickled, and nothing is sent
    anywhere.

    Args:
        path: A log: a file, or its folder; or a folder of such folders.
        project: Of the new runs; by default what the log says, or the folder around the log.
        name: Of the new runs; by default what the log says, or the folder of the log.
        root: Where all projects live.

    Yields:
        Each run as soon as it is written.

    Raises:
        ValueError: There is no such log, or some cannot be read; that is said after the others.
        ImportError: The package that reads it is not installed.
        OSError: It cannot be read, or the run cannot be written.
    """
    place = Path(os.path.normpath(Path(path).expanduser().absolute()))
    if not place.exists():
        raise ValueError(f"there is nothing at {str(place)!r}")
    found, problems = False, []
    for log, kind in _logs(place):
        found = True
        try:
            source = kind(log)
            about = source.about
            source.about = replace(about, project=project or about.project, name=name or about.name)
            done = write_run(source, root)
        except ValueError as error:  # the others are none the worse for it
            problems.append(str(error))
        else:
            yield done
    if problems:
        raise ValueError("; ".join(problems))
    if not found:
        raise ValueError(
            f"{str(place)!r} holds no log that can be imported: pass TensorBoard event files, the "
            f"run folder of W&B, a metrics.csv of Lightning, their folder, or an export of ours"
        )


def _logs(place: Path) -> Iterator[tuple[Path, Callable[[Path], Source]]]:
    """Each log and what reads it."""
    kind = _kind(place)
    if kind is not None:
        yield place, kind
        return
    for folder, below, _ in os.walk(place):  # links are not followed: W&B links its latest run
        below.sort()
        for name in list(below):
            one = Path(folder) / name
            if one.is_symlink() or (one / "run.json").is_file():  # a run of ours
                below.remove(name)
                continue
            kind = _kind(one)
            if kind is not None:
                below.remove(name)
                yield one, kind


def _kind(place: Path) -> Callable[[Path], Source] | None:
    """What reads the log at a path: all of one run; TensorBoard's tells more than a CSV."""
    names = [one.name for one in place.iterdir()] if place.is_dir() else [place.name]
    if any("tfevents" in name for name in names):
        return EventFiles
    if any(name.endswith(".wandb") for name in names):
        return WandbFolder
    if "metrics.csv" in names or (not place.is_dir() and place.suffix in (".csv", ".parquet")):
        return NumberTable
    return None
