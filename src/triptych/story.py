"""`Story`: what `run.json` says of a run, and the table at its end."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from triptych.archive.folder import RunFolder
from triptych.pipeline.paths import is_for_charts
from triptych.pipeline.records import Checkpoint, RunInfo, Status
from triptych.pipeline.totals import SinkTotals
from triptych.terminal import prepare_table, print_table

if TYPE_CHECKING:
    from triptych.run import Run

log = logging.getLogger("triptych")

_MOST_METRICS = 12  # in the table; run.json has all


class Story:
    """Writes `run.json` when a run begins and ends, and prints the closing table.

    Args:
        folder: The run folder.
        info: Who the run is.
        table: Whether to print the table.
    """

    def __init__(self, folder: RunFolder, info: RunInfo, *, table: bool) -> None:
        self._folder = folder
        self._info = info
        self._table = table
        if table:
            prepare_table()
        self._data: dict[str, Any] = {}

    def begin(self) -> None:
        """Write what is known before the first step, or before a resumed one.

        Raises:
            OSError: If `run.json` cannot be written.
        """
        earlier = self._folder.read_json() if self._folder.run_json.exists() else {}
        info = self._info
        attempts = earlier.get("attempts")
        self._data = {
            **earlier,
            "id": info.id,
            "project": info.project,
            "name": info.name,
            "tags": info.tags,
            "notes": info.notes,
            "group": info.group,
            "config": info.config,
            "started": earlier.get("started", _now()),
            "status": str(Status.RUNNING),
            "attempts": [*(attempts if isinstance(attempts, list) else []), _attempt(info)],
        }
        self._folder.write_json(self._data)

    @property
    def earlier_step(self) -> int:
        """The step that the attempt before this one has reached; 0 where it could not tell."""
        step = self._data["attempts"][-2].get("step", 0) if self._info.resumed else 0
        return step if isinstance(step, int) else 0

    def configured(self, info: RunInfo) -> None:
        """More of the configuration is known."""
        self._data["config"] = info.config
        self._write()

    def keep(self, saved: Checkpoint, step: int) -> None:
        """Remember a saved model; written when the run ends."""
        entry = {"path": str(saved.path), "step": step, "metrics": saved.metrics}
        earlier = self._data.get("checkpoints", [])
        others = [one for one in earlier if (one["path"], one["step"]) != (str(saved.path), step)]
        self._data["checkpoints"] = [*others, {**entry, "aliases": saved.aliases}]

    def next_attempt(self, run: Run, info: RunInfo) -> None:
        """Training starts again within the process."""
        last = self._data["attempts"][-1]
        status = str(run.status) if run.failure else "restarted"
        last.update(status=status, ended=_now(), step=run.step, **_error(run))
        self._data["attempts"].append(_attempt(info))
        self._write()

    def end(self, run: Run) -> None:
        """Write how it ended, and print the table. Never raises."""
        ending = {"status": str(run.status), "ended": _now(), "exit_code": run.exit_code}
        self._data["attempts"][-1].update(**ending, step=run.step, **_error(run))
        self._data.update(
            ending,
            step=run.step,
            metrics=run.latest,
            opens_with={name: hint for name, hint in run.hints.items() if hint},
            totals={
                "rejected": run.totals.rejected,
                "nonfinite": run.totals.nonfinite,
                "sinks": {name: _plain_totals(one) for name, one in run.totals.sinks.items()},
            },
            overhead=run.overhead,
        )
        self._write()
        if self._table:
            with suppress(OSError, ValueError):  # nobody reads standard error any more
                print_table(f"{self._info.project} · {self._info.name}", self._rows(run))

    def _write(self) -> None:
        try:
            self._folder.write_json(self._data)
        except OSError as problem:
            log.error("run.json could not be brought up to date: %s", problem)  # noqa: TRY400

    def _rows(self, run: Run) -> list[tuple[str, str]]:
        seconds = time.monotonic() - run.started
        rows = [("status", f"{run.status} at step {run.step} after {seconds:.1f} s")]
        if run.failure is not None:
            rows.append(("error", f"{run.failure.kind}: {run.failure.message}"))
        rows += [(f"open {name}", _short(hint)) for name, hint in run.hints.items() if hint]
        rows += [
            (name, f"{totals.delivered:,} delivered, {_losses(totals)}")
            for name, totals in run.totals.sinks.items()
        ]
        if run.totals.rejected:
            rows.append(
                ("rejected", ", ".join(f"{p} ({n})" for p, n in run.totals.rejected.items()))
            )
        rows.append(("logging took", f"{run.overhead:.2%} of the time"))
        latest = sorted(run.latest.items(), key=lambda one: is_for_charts(one[0]))
        rows += [(path, f"{value:.6g}") for path, value in latest[:_MOST_METRICS]]
        if len(latest) > _MOST_METRICS:
            rows.append(("…", f"{len(latest) - _MOST_METRICS} more in run.json"))
        return rows


def _attempt(info: RunInfo) -> dict[str, Any]:
    return {
        "attempt": info.attempt,
        "started": _now(),
        "recording": info.recording.name,
        "status": str(Status.RUNNING),
        "provenance": info.provenance,
    }


def _error(run: Run) -> dict[str, str | None]:
    error = run.failure
    return {
        "error": f"{error.kind}: {error.message}" if error else None,
        "traceback": error.traceback if error else None,
    }


def _losses(totals: SinkTotals) -> str:
    if not totals.lost:
        return "none shed"
    reasons = [f"{sum(paths.values()):,} {reason}" for reason, paths in totals.shed.items()]
    return f"{totals.lost:,} shed ({', '.join(reasons)})"


def _plain_totals(totals: SinkTotals) -> Mapping[str, Any]:
    shed = {reason: dict(paths) for reason, paths in totals.shed.items()}
    return {"accepted": totals.accepted, "delivered": totals.delivered, "shed": shed}


def _short(command: str) -> str:
    """The command with its path below the current folder, where it is there."""
    head, _, tail = command.rpartition(" ")
    path = Path(tail)
    if head and path.is_absolute() and path.is_relative_to(Path.cwd()):
        return f"{head} {path.relative_to(Path.cwd())}"
    return command


def _now() -> str:
    return datetime.now(UTC).astimezone().isoformat(timespec="seconds")
