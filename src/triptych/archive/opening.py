"""`open_folder`: the folder of a run that begins, or that goes on after it was killed or ended."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from triptych.archive.find import run_of
from triptych.archive.folder import RunFolder

Resume: TypeAlias = str | os.PathLike[str] | Mapping[str, Any]
"""A run id, the path of a run folder, "latest", or what `Run.state_dict` gave."""


class Opened(NamedTuple):
    """A run folder, and what there is to say about it once somebody listens.

    Attributes:
        folder: The folder.
        level: Of Python logging; 0 where there is nothing to say.
        news: What the run's past has left.
    """

    folder: RunFolder
    level: int = 0
    news: str = ""


def open_folder(
    root: str | os.PathLike[str], project: str, name: str | None, resume: Resume | None
) -> Opened:
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
        return Opened(RunFolder.create(root, project, name))
    if isinstance(resume, Mapping):
        folder = run_of(resume, root)
    else:
        folder = RunFolder.find(root, project, resume)
    return Opened(folder, *_put_back(folder))


def _put_back(folder: RunFolder) -> tuple[int, str]:
    """What an earlier process of the run could not hand over before it was killed."""
    from triptych.archive.repair import repair

    try:
        done = repair(folder)
    except Exception as problem:  # noqa: BLE001  # the past of a run must not stop its future
        return logging.WARNING, f"What came before could not be repaired: {problem}"
    if not done.journals:
        return 0, ""
    numbers, lines = (
        f"{found} {what}" if found == 1 else f"{found} {what}s"
        for found, what in ((done.numbers, "number"), (done.lines, "line"))
    )
    return logging.INFO, f"The run was killed at step {done.step}; put back {numbers} and {lines}."
