"""`open_folder`: the folder of a run that begins, or that goes on after it was killed or ended."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any, TypeAlias

from triptych.archive.find import run_of
from triptych.archive.folder import RunFolder

log = logging.getLogger("triptych")

Resume: TypeAlias = str | os.PathLike[str] | Mapping[str, Any]
"""A run id, the path of a run folder, "latest", or what `Run.state_dict` gave."""


def open_folder(
    root: str | os.PathLike[str], project: str, name: str | None, resume: Resume | None
) -> RunFolder:
    """Make a folder, or find that of an earlier run and put back what its process has lost.

    Args:
        root: Where all projects live.
        project: As the user named it.
        name: Of a new run.
        resume: Which run goes on; None for a new one.

    Raises:
        ValueError: There is no such run.
        OSError: The folder cannot be made.
    """
    if resume is None:
        return RunFolder.create(root, project, name)
    if isinstance(resume, Mapping):
        folder = run_of(resume, root)
    else:
        folder = RunFolder.find(root, project, resume)
    _put_back(folder)
    return folder


def _put_back(folder: RunFolder) -> None:
    """What an earlier process of the run could not hand over before it was killed."""
    from triptych.archive.repair import repair

    try:
        done = repair(folder)
    except Exception as problem:  # noqa: BLE001  # the past of a run must not stop its future
        log.warning("What came before could not be repaired: %s", problem)
        return
    if done.journals:
        log.info(
            "The run was killed at step %s; put back %d numbers and %d lines.",
            done.step,
            done.numbers,
            done.lines,
        )
