"""`continue_run`: for adapters, a run that goes on where its checkpoint was saved."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any, Literal

from triptych.archive.opening import Resume
from triptych.archive.origin import NoOrigin, origin_of
from triptych.rank import is_writer
from triptych.training import start
from triptych.training.run import Run

log = logging.getLogger("triptych")


def continue_run(
    state: Mapping[str, Any],
    project: str,
    *,
    root: str | os.PathLike[str] = "runs",
    resume: Resume | Literal[False] | None = None,
    **options: Any,
) -> Run:
    """Open the run of a checkpoint again; where that cannot be, a new one, which says why.

    Args:
        state: What `Run.state_dict` gave, as the checkpoint has it; empty where it has nothing.
        project: As for `triptych.run`.
        root: As for `triptych.run`.
        resume: As for `triptych.run`; None leaves it to the checkpoint, False begins a new run.
        **options: Further arguments of `triptych.run`.
    """
    why_new = ""
    if state and resume is None and is_writer():
        try:
            resume = origin_of(state, project, root).path
        except NoOrigin as why:
            why_new = str(why)
    run = start.run(project, root=root, resume=resume or None, **options)
    if why_new:
        log.warning("%s", why_new)
    return run
