"""`find_run`, `find_runs`, `run_of` and `all_runs`: runs below a root, over all its projects."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from triptych.archive.folder import RunFolder

_MOST_NAMED = 3


def all_runs(root: str | os.PathLike[str] = "runs") -> list[RunFolder]:
    """Every run of every project, by id, which begins with the time of its start.

    Args:
        root: Where all projects live; "~" is understood. A root that is missing has no runs.
    """
    base = Path(root).expanduser().absolute()
    projects = sorted(base.iterdir()) if base.is_dir() else []
    found = [run for home in projects if not home.is_symlink() for run in RunFolder.all_in(home)]
    return sorted(found, key=lambda run: run.id)


def find_run(wanted: str | os.PathLike[str], root: str | os.PathLike[str] = "runs") -> RunFolder:
    """Find one run.

    Args:
        wanted: A run id, the beginning or the end of exactly one id, the path of a run folder or of
            a file directly in it, or "latest": the run whose run.json has the newest `started`.
        root: Where all projects live.

    Raises:
        ValueError: No run answers to that, or more than one. The message names the ids that come
            nearest.
    """
    text = os.fspath(wanted)
    runs = all_runs(root)
    if text == "latest" and runs:
        return max(runs, key=lambda run: (run.started(), run.id))
    by_path = _by_path(text)
    if by_path is not None:
        return by_path
    exact = [run for run in runs if run.id == text]
    some = exact or [run for run in runs if text and run.id.startswith(text)]
    some = some or [run for run in runs if text and run.id.endswith(text)]
    if len(some) == 1:
        return some[0]
    if some:
        places = ", ".join(str(run.path) for run in some[-_MOST_NAMED:])
        raise ValueError(
            f"{text!r} stands for {len(some)} runs: {places}; say more of the id, or pass a path"
        )
    where = repr(str(Path(root).expanduser().absolute()))
    if not runs:
        raise ValueError(f"there are no runs in {where}; pass the folder of a run, or another root")
    ids = [run.id for run in runs]
    near = get_close_matches(text, ids, n=_MOST_NAMED, cutoff=0.3) or ids[-_MOST_NAMED:]
    raise ValueError(
        f"no run {text!r} in {where}, and no run folder at that path: the nearest are "
        f'{", ".join(near)}; pass an id, the folder of a run, or "latest"'
    )


def find_runs(
    wanted: Iterable[str | os.PathLike[str]], root: str | os.PathLike[str] = "runs"
) -> list[RunFolder]:
    """Find several runs, in the order asked for; one that is named twice comes once.

    Raises:
        ValueError: As `find_run`.
    """
    found = {folder.path: folder for folder in (find_run(one, root) for one in wanted)}
    return list(found.values())


def run_of(state: Mapping[str, Any], root: str | os.PathLike[str] = "runs") -> RunFolder:
    """Find the run that a checkpoint belongs to.

    Args:
        state: What `Run.state_dict` gave.
        root: Where all projects live now, in case they have moved since.

    Raises:
        ValueError: The run is neither where it was nor below `root`, or `state` names none.
    """
    wanted = state.get("run_id")
    places = [
        str(Path(place).expanduser().absolute()) for place in (state.get("root"), root) if place
    ]
    for run in (run for place in places for run in all_runs(place)):
        if run.id == wanted:
            return run
    raise ValueError(
        f"the run {wanted!r} of the checkpoint is neither in {' nor in '.join(map(repr, places))}: "
        "pass root= the folder that it lies in now, or leave out resume= to begin a new run"
    )


def _by_path(text: str) -> RunFolder | None:
    if text in ("", "latest"):
        return None
    path = Path(text).expanduser().absolute()
    # ".." is resolved, as the name of the folder is the id of the run
    folder = RunFolder(Path(os.path.normpath(path.parent if path.is_file() else path)))
    return folder if folder.run_json.is_file() else None
