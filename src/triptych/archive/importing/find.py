"""`import_runs`: which logs lie at a path, and a run for each."""

from __future__ import annotations

import os
from collections.abc import Iterator
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
        ValueError: There is no such log, or it cannot be read.
        ImportError: The package that reads it is not installed.
        OSError: It cannot be read, or the run cannot be written.
    """
    place = Path(os.path.normpath(Path(path).expanduser().absolute()))
    if not place.exists():
        raise ValueError(f"there is nothing at {str(place)!r}")
    found = False
    for source in _sources(place):
        found = True
        about = source.about
        source.about = replace(about, project=project or about.project, name=name or about.name)
        yield write_run(source, root)
    if not found:
        raise ValueError(
            f"{str(place)!r} holds no log that can be imported: pass TensorBoard event files, the "
            f"run folder of W&B, a metrics.csv of Lightning, or their folder"
        )


def _sources(place: Path) -> Iterator[Source]:
    source = _source(place)
    if source is not None:
        yield source
        return
    for folder, below, _ in os.walk(place):  # links are not followed: W&B links its latest run
        below.sort()
        for name in list(below):
            one = Path(folder) / name
            if one.is_symlink() or (one / "run.json").is_file():  # a run of ours
                below.remove(name)
                continue
            source = _source(one)
            if source is not None:
                below.remove(name)
                yield source


def _source(place: Path) -> Source | None:
    """The log at a path, which has everything of one run; TensorBoard's tells more than a CSV."""
    names = [one.name for one in place.iterdir()] if place.is_dir() else [place.name]
    if any("tfevents" in name for name in names):
        return EventFiles(place)
    if any(name.endswith(".wandb") for name in names):
        return WandbFolder(place)
    if "metrics.csv" in names or (not place.is_dir() and place.suffix in (".csv", ".parquet")):
        return NumberTable(place)
    return None
