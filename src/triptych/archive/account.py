"""`account`: the whole story of a run, as data."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from triptych.archive.course import courses
from triptych.archive.folder import RunFolder
from triptych.archive.overview import overview
from triptych.archive.reader import RunReader
from triptych.archive.tail import journals, read_tail
from triptych.archive.train_log import missing_lines
from triptych.dashboard.naming import ERRORS, EVENTS
from triptych.pipeline.records import Status


def account(folder: RunFolder, lines: int = 10) -> dict[str, Any]:
    """Tell everything about a run that its folder knows, read anew if its process was killed.

    Args:
        folder: Of the run.
        lines: How many of the last lines of train.log.

    Returns:
        All of run.json, with what `overview` has found out about `status`, `step`, `seconds`,
        `bytes`, `error` and `metrics`, and: `folder`; `numbers`, by path what `Course` has, losses
        first; `events` and `errors`, each with `step`, `level` and `text`; `log`, without the
        traceback of the last attempt, and with what a killed process could not write any more;
        `whole`, which is False where `repair` has something to put back; `problem`, where a
        recording could not be read.

    Raises:
        ValueError: run.json is damaged.
        OSError: It cannot be read.
    """
    reader = RunReader(folder)
    found = asdict(overview(folder))
    for name in ("attempts", "incidents"):  # run.json has more than their number
        del found[name]
    told = {"attempts": [], "config": {}, **folder.read_json()}
    return {
        **told,
        **found,
        "folder": str(folder.path),
        **_recorded(reader),
        "log": _log(reader, lines),
        "whole": found["status"] != Status.KILLED or not journals(folder),
    }


def _recorded(reader: RunReader) -> dict[str, Any]:
    """What the recordings say; without them there is still a story to tell."""
    try:
        return {
            "numbers": {path: asdict(course) for path, course in courses(reader.curves).items()},
            "events": _marks(reader, EVENTS),
            "errors": _marks(reader, ERRORS),
        }
    except (OSError, ValueError) as problem:
        return {"numbers": {}, "events": [], "errors": [], "problem": str(problem)}


def _marks(reader: RunReader, path: str) -> list[dict[str, Any]]:
    return [
        {"step": line.step, "level": line.level, "text": line.text} for line in reader.texts(path)
    ]


def _log(reader: RunReader, count: int) -> list[str]:
    traceback = str(reader.attempts[-1].get("traceback") or "") if reader.attempts else ""
    ending = traceback.splitlines()
    lines = reader.log_tail(count + len(ending))
    for journal in journals(reader.folder):
        for text in missing_lines(reader.folder.log, read_tail(journal).records):
            lines += text.splitlines()
    for place in range(len(lines) - len(ending), -1, -1) if ending else ():
        if lines[place : place + len(ending)] == ending:
            del lines[place : place + len(ending)]
            break
    return lines[max(0, len(lines) - count) :]
