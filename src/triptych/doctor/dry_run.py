"""A dry run: real steps through every sink in a temporary folder, and what to make of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from triptych.doctor.child import ChildFailed, ask
from triptych.doctor.finding import Finding, Level, green, red, yellow
from triptych.doctor.folders import check_root, scratch
from triptych.doctor.report import Report, SinkReport
from triptych.rank import OVERRIDE

_REHEARSAL = "triptych.doctor.rehearsal"
_PATIENCE = 30.0  # seconds for all of it
_SLOW_CALL = 0.5  # milliseconds that a call of `run.log` may take
_SHORT = 24.0  # hours that the disk should last

# Whatever a launcher says, this process writes; W&B and Rerun tell nobody of it.
_ENVIRONMENT = {OVERRIDE: "0", "WANDB_SILENT": "true", "WANDB_ERROR_REPORTING": "false", "CI": "1"}


class DryRun:
    """Some real steps through every sink that a run has here.

    Args:
        root: Folder of all runs, on the disk that is to be tried.
        rate: Steps per second that the bytes per hour are for.

    Attributes:
        report: What was measured, once that has been done.
    """

    def __init__(self, root: Path, rate: float) -> None:
        self.report: Report | None = None
        self._root = root
        self._rate = rate

    def check(self) -> list[Finding]:
        """Run the steps in a process of its own, and say what came of it."""
        if check_root(self._root).level is Level.RED:
            fix = "mend the folder, and run `triptych doctor` again"
            return [yellow("dry run", "is not made, as there is no place for it", fix)]
        try:
            with scratch(self._root) as folder:
                arguments = (str(folder), repr(self._rate))
                told = ask(_REHEARSAL, *arguments, patience=_PATIENCE, env=_ENVIRONMENT)
                free = shutil.disk_usage(folder).free
        except (ChildFailed, OSError) as why:
            fix = "try --root with a folder on a local disk"
            return [red("dry run", f"did not come to its end: {why}", fix)]
        self.report = Report.from_json(told)
        return list(_judge(self.report, free))


def _judge(report: Report, free: int) -> Iterator[Finding]:
    for sink in report.sinks:
        yield _judge_sink(sink)
    cost = f"run.log takes {report.call_ms:.3f} ms of a step"
    cost += f", and in one of 100 more than {report.slow_call_ms:.3f} ms"
    if report.call_ms > _SLOW_CALL:
        yield yellow("training", cost, "see what else takes the processors, and try again")
    else:
        yield green("training", cost)
    yield _judge_size(report, free)
    for complaint in report.complaints:
        fix = "look into train.log of a run that says so, and mend what it names"
        yield yellow("dry run", complaint, fix)


def _judge_sink(sink: SinkReport) -> Finding:
    if sink.problems:
        fix = "reinstall Triptych with the versions that it asks for"
        return red(sink.name, "; ".join(sink.problems), fix)
    *kinds, last = (f"{count:,} {kind}" for kind, count in sink.came_back.items())
    counts = " and ".join(filter(None, [", ".join(kinds), last]))
    cost = f"{sink.step_ms:.2f} ms of its worker for a step"
    if "pictures" in sink.came_back:
        cost += f", {sink.picture_ms:.0f} ms for a picture"
    return green(sink.name, f"{counts} came back; {cost}")


def _judge_size(report: Report, free: int) -> Finding:
    from rich.filesize import decimal

    each = ", ".join(f"{sink.name} {decimal(int(sink.bytes_per_hour))}" for sink in report.sinks)
    told = (
        f"{decimal(int(report.bytes_per_hour))} an hour at {report.rate:g} steps per second with "
        f"{report.numbers} numbers each ({each}); besides {decimal(report.picture_bytes)} in each "
        "place for a picture of 256 by 256"
    )
    hours = free / max(report.bytes_per_hour, 1)
    if hours < _SHORT:
        what = f"{told}; the disk is full after {hours:.1f} hours"
        return yellow("disk use", what, "free some room, or log fewer numbers")
    return green("disk use", told)
