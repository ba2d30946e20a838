"""`is_alive`: whether a run still goes on, which run.json cannot say of one that was killed."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path

from triptych.archive.folder import RunFolder
from triptych.archive.plain import JSON
from triptych.archive.tail import journals
from triptych.pipeline.journal import lock
from triptych.pipeline.records import Status


def is_alive(folder: RunFolder, told: Mapping[str, JSON]) -> bool:
    """Whether the process of a run is there, by the lock that it holds while it lives.

    A run without a journal is believed what it says, unless its process was on this machine and is
    gone.

    Args:
        folder: Of the run.
        told: The content of its run.json.
    """
    if told.get("status") != Status.RUNNING:
        return False
    left = journals(folder)
    if left:
        return any(map(_is_held, left))
    attempts = told.get("attempts")
    newest = attempts[-1] if isinstance(attempts, list) and attempts else None
    where = newest.get("provenance") if isinstance(newest, dict) else None
    process = where.get("pid") if isinstance(where, dict) else None
    if not isinstance(where, dict) or where.get("host") != platform.node():
        return True
    if not isinstance(process, int):
        return True
    import psutil

    return bool(psutil.pid_exists(process))


def status_of(folder: RunFolder, told: Mapping[str, JSON]) -> str:
    """As run.json says it, but "killed" for what says that it goes on and does not."""
    status = str(told.get("status", ""))
    killed = status == Status.RUNNING and not is_alive(folder, told)
    return str(Status.KILLED) if killed else status


def _is_held(journal: Path) -> bool:
    try:
        os.close(lock(journal))
    except BlockingIOError:
        return True
    except OSError:  # a disk that cannot be written to, or without locks: nobody writes there
        return False
    return False
