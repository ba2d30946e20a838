"""`send`: what a run has for W&B and could not send goes up, by W&B's own program."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from triptych.archive.alive import is_alive
from triptych.archive.folder import RunFolder
from triptych.archive.moved import find_again
from triptych.archive.repair import StillRunning
from triptych.archive.secrets import mask_text
from triptych.archive.superseded import leave_out_superseded
from triptych.archive.unsynced import logs_of, synced_mark, unsynced

_PAGE = re.compile(r"View run .* at (https?://\S+)")
_TORN = ("Failed to sync all data", "runsync: incomplete transaction log")

_ENVIRONMENT = {
    "WANDB_ERROR_REPORTING": "false",
    "WANDB_HTTP_TIMEOUT": "10",
    # By its defaults W&B would try for an hour, and never say that nobody answers (0.31).
    "WANDB__GRAPHQL_RETRY_MAX": "3",
    "WANDB__GRAPHQL_RETRY_WAIT_MAX_SECONDS": "2",
    "WANDB__FILE_STREAM_RETRY_MAX": "6",
    "WANDB__FILE_STREAM_RETRY_WAIT_MAX_SECONDS": "10",
    "WANDB__FILE_TRANSFER_RETRY_MAX": "6",
    "WANDB__FILE_TRANSFER_RETRY_WAIT_MAX_SECONDS": "10",
}


class NotSent(OSError):  # noqa: N818  # it says what happened
    """W&B did not take everything; what it did not take still waits."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What went up.

    Attributes:
        attempts: How many attempts of the run.
        page: The address of the run; None where there was nothing to send.
        cut_off: Whether the last record of an attempt was torn when its process was killed; all
            before it was sent.
    """

    attempts: int = 0
    page: str | None = None
    cut_off: bool = False


def send(folder: RunFolder) -> Sent:
    """Send one attempt after another, each with its artifacts, into one run of W&B.

    What is sent is marked, so that it is not sent again. It never asks for a key.

    Args:
        folder: Of the run, wherever it lies now.

    Raises:
        StillRunning: The run goes on.
        NotSent: Nobody is logged in, the server is not reached, or it refuses something.
        ValueError: run.json is damaged.
        OSError: A file cannot be read or written.
    """
    if is_alive(folder, folder.read_json()):
        raise StillRunning(f"the run {folder.id!r} is still going on; send it when it has ended")
    sent = Sent()
    waiting = unsynced(folder)
    leave_out_superseded(logs_of(folder), only=waiting)
    for log in waiting:
        find_again(log, folder.path)
        page, cut_off = _send_one(log, folder)
        sent = Sent(sent.attempts + 1, page, cut_off or sent.cut_off)
    return sent


def _send_one(log: Path, folder: RunFolder) -> tuple[str, bool]:
    # A run that fell back to offline beside others has an id of its own: see `start_run`.
    into = [] if log.stem == f"run-{folder.id}" else ["--id", folder.id]
    call = [sys.executable, "-m", "wandb", "sync", "--no-skip-online", *into, str(log)]
    with tempfile.TemporaryDirectory() as place:
        environment = {**_ENVIRONMENT, **os.environ, "WANDB_DIR": place}
        environment.pop("WANDB_SILENT", None)  # it would not even say what is wrong
        done = subprocess.run(  # noqa: S603  # W&B's own program, and no shell
            call,
            env=environment,
            stdin=subprocess.DEVNULL,  # nobody is asked for a key
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        problems = [*_told(done.stderr), *_written(Path(place))]
    page = _PAGE.search(done.stderr)
    mark = synced_mark(log)
    torn = [problem for problem in problems if problem.startswith(_TORN)]
    if torn and len(torn) == len(problems) and page is not None:
        mark.touch()  # W&B waits for the rest, which will not come
    elif page is None or problems or not mark.exists():
        # Else W&B counts it as sent, also if the server has refused rows or files (0.31).
        mark.unlink(missing_ok=True)
        why = problems[0] if problems else f"it ended with code {done.returncode}"
        raise NotSent(
            f"W&B did not take all of {folder.id!r}: {mask_text(why).rstrip('.')}. Nothing is "
            "lost: mend that, and send it again; `triptych doctor` looks at login and server"
        )
    return page[1], bool(torn)


def _told(text: str) -> Iterator[str]:
    """The errors that W&B's program has printed, without those that say nothing."""
    for line in text.splitlines():
        said = re.fullmatch(r"(?:wandb: ERROR|Error:) (?:\[\S+\] )?(.*)", line)
        if said is not None and not said[1].startswith(("<no message>", "Find detailed")):
            yield said[1]


def _written(place: Path) -> Iterator[str]:
    """The errors that W&B's service has written down: most are not printed."""
    for log in place.rglob("debug-sync*.log"):
        for line in log.read_text("utf-8", "replace").splitlines():
            entry = json.loads(line)
            if entry.get("level") == "ERROR":
                parts = [entry.get(name) for name in ("msg", "status", "error", "url")]
                yield " ".join(str(part) for part in parts if part)
