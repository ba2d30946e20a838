"""The dry run itself: real steps through every sink that a run has here; nothing is uploaded.

Runs in a process of its own, which nothing has warmed up: `python -m triptych.doctor.rehearsal
FOLDER RATE` prints a `Report` as JSON.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from triptych.doctor.meter import Meter
from triptych.doctor.read_back import compare
from triptych.doctor.report import Report, SinkReport
from triptych.doctor.script import MEASURED_FROM, PATHS, PICTURE, PICTURES_FROM, STEPS, Script
from triptych.pipeline.cadence import Route
from triptych.pipeline.deliveries import GATHER
from triptych.training.routes import make_routes
from triptych.training.run import Run
from triptych.training.start import run as start_run
from triptych.visuals import Image
from triptych.words import logging_config

_PAUSE = 0.005  # seconds in which a step trains; threads that write have them, as on a GPU
_SETTLE = 0.5  # seconds; W&B's own process writes its file every quarter of one
_HOUR = 3600
_FILES = {"rerun": "recording-1.rrd", "wandb": "wandb", "text": "train.log"}


def rehearse(root: Path, rate: float) -> Report:
    """Train nothing, log it, measure that, and read it back.

    Args:
        root: The run folder is made below it, and stays.
        rate: Steps per second that the bytes per hour are for.
    """
    script = Script.make()
    complaints = _Complaints()
    logging.getLogger("triptych").addHandler(complaints)
    settings = logging_config(console=False)
    wandb = False if os.environ.get("WANDB_MODE") == "disabled" else "offline"
    routes = make_routes(None, settings, wandb, live=False)
    meters = [Meter(route.sink) for route in routes]
    measured = [replace(route, sink=one) for route, one in zip(routes, meters, strict=True)]
    run = start_run(
        "dry-run", root=root, sinks=measured, console=False, logging=settings, strict=True
    )
    _train(run, script, 1, MEASURED_FROM, rate)
    before = _look(run, meters)
    calls = _train(run, script, MEASURED_FROM + 1, PICTURES_FROM, rate)
    after = _look(run, meters)
    _train(run, script, PICTURES_FROM + 1, STEPS, rate)
    at_end = _look(run, meters)
    run.close()
    logging.getLogger("triptych").removeHandler(complaints)
    sinks = [
        _account(run, script, route, marks, rate)
        for route, *marks in zip(routes, before, after, at_end, strict=True)
    ]
    median, slow = np.percentile(calls, [50, 99]) * 1e3
    return Report(
        steps=STEPS,
        numbers=len(PATHS),
        rate=rate,
        call_ms=float(median),
        slow_call_ms=float(slow),
        picture_bytes=len(Image(script.pictures[STEPS]).encode().data),
        complaints=tuple(complaints.lines),
        sinks=tuple(sinks),
    )


def _train(run: Run, script: Script, first: int, last: int, rate: float) -> list[float]:
    """Log these steps; the seconds that each call with numbers alone has taken."""
    calls = []
    # Numbers reach the recording in portions of two seconds, each with some overhead: give it
    # portions as long as they are at the rate that is asked about.
    portion = max(1, round(rate * GATHER))
    rows = script.numbers.tolist()
    for step in range(first, last + 1):
        run.advance()
        values = dict(zip(PATHS, rows[step - 1], strict=True))
        started = time.perf_counter()
        run.log(values)
        calls.append(time.perf_counter() - started)
        if step in script.pictures:
            run.log({PICTURE: Image(script.pictures[step])})
        if step in script.lines:
            logging.getLogger("dry-run").info(script.lines[step])
        time.sleep(_PAUSE)
        if step % portion == 0:
            run.flush()
    return calls


@dataclass(frozen=True, slots=True)
class _Mark:
    """How far a sink has come: processor time of its worker, steps with numbers, bytes on disk."""

    spent: float
    steps: int
    bytes: int


def _look(run: Run, meters: list[Meter]) -> list[_Mark]:
    """How things stand once everything logged so far is on disk."""
    run.flush()
    time.sleep(_SETTLE)
    return [_Mark(one.spent, len(one.steps), _size(run.dir / _FILES[one.name])) for one in meters]


def _account(
    run: Run, script: Script, route: Route, marks: Sequence[_Mark], rate: float
) -> SinkReport:
    """What a sink has cost between these marks, and what of it comes back."""
    before, after, at_end = marks
    came_back, problems = compare(route.sink.name, run.dir, script)
    seconds = (after.spent - before.spent) / (PICTURES_FROM - MEASURED_FROM)
    on_pictures = at_end.spent - after.spent - seconds * (STEPS - PICTURES_FROM)
    per_row = (after.bytes - before.bytes) / max(after.steps - before.steps, 1)
    return SinkReport(
        name=route.sink.name,
        came_back=came_back,
        problems=problems,
        step_ms=seconds * 1e3,
        picture_ms=max(0.0, on_pictures) / len(script.pictures) * 1e3,
        bytes_per_hour=per_row * _rows_per_second(route, rate) * _HOUR,
    )


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file() and not file.is_symlink())


def _rows_per_second(route: Route, rate: float) -> float:
    """How many of the steps the sink sees: all of them, or one in each window."""
    windows = route.numbers.seconds if route.numbers else None
    return min(rate, 1 / windows) if windows else rate


class _Complaints(logging.Handler):
    """Keeps what Triptych itself warns about."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


if __name__ == "__main__":
    print(rehearse(Path(sys.argv[1]), float(sys.argv[2])).to_json())  # noqa: T201
