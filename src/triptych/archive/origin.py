"""`origin_of`: the run in which the training of a checkpoint goes on by itself."""

from __future__ import annotations

import os
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

from triptych.archive.alive import is_alive
from triptych.archive.find import run_of
from triptych.archive.folder import RunFolder


class NoOrigin(ValueError):  # noqa: N818  # no error: a new run begins
    """The run of a checkpoint cannot go on here; the message says why, for the log of a new one."""


def origin_of(
    state: Mapping[str, Any],
    project: str,
    root: str | os.PathLike[str],
    *,
    ours: Container[Path] = (),
) -> RunFolder:
    """Find the run that a checkpoint names, where nobody has said whether it should go on.

    Args:
        state: What `Run.state_dict` gave.
        project: What is trained now; in another project the training is another one.
        root: Where runs lie now.
        ours: Folders of runs that this process may share.

    Raises:
        NoOrigin: Its folder is gone or on another machine, it is of another project, or its process
            is still there.
    """
    name = f"The run {state.get('run_id')!r} that saved this checkpoint"
    try:
        folder = run_of(state, root)
        told = folder.read_json()
    except (ValueError, OSError) as problem:
        places = dict.fromkeys([str(state.get("root")), str(Path(root).absolute())])
        raise NoOrigin(
            f"{name} is not to be found in {' or '.join(places)}, so this is a new one; to "
            "continue it, bring its folder there and start again"
        ) from problem
    if told.get("project", project) != project:
        raise NoOrigin(f"{name} is of the project {told['project']!r}, so this is a new one")
    if folder.path not in ours and is_alive(folder, told):
        raise NoOrigin(f"{name} still goes on in another process, so this is a new one")
    return folder
