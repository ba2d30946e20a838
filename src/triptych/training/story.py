"""`Story`: what `run.json` says of a run, and the table at its end."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from triptych.archive.artifacts import note
from triptych.archive.folder import RunFolder
from triptych.commands import short
from triptych.pipeline.paths import is_for_charts
from triptych.pipeline.records import Artifact, Event, RunInfo, Status
from triptych.pipeline.totals import SinkTotals
from triptych.terminal import prepare_table, print_table

if TYPE_CHECKING:
    from triptych.training.run import Run

log = logging.getLogger("triptych")

_MOST_INCIDENTS = 1000  # the recording has all
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
        self._writing = threading.RLock()  # between the thread of the run and that of its files

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
            "dashboard": None if info.dashboard is None else asdict(info.dashboard),
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

    def learned(self, info: RunInfo) -> None:
        """More is known of the settings, or of where the run came from."""
        with self._writing:
            self._data["config"] = info.config
            for attempt in self._data["attempts"]:
                if attempt["attempt"] == info.attempt:
                    attempt["provenance"] = info.provenance
            self._write()

    def keep(self, kind: str, saved: Artifact, step: int) -> dict[str, Any]:
        """Remember files that were saved; `kind` is the list. Gives the entry, for `complete`."""
        with self._writing:
            return note(self._data, kind, saved, step)

    def mark(self, incident: Event, step: int) -> None:
        """Remember an incident; written with the next entry, or at the end."""
        known = self._data.setdefault("incidents", [])
        if len(known) < _MOST_INCIDENTS:
            known.append({"step": step, "level": incident.level, "text": incident.text})

    def complete(self, entry: dict[str, Any], told: Mapping[str, Any]) -> None:
        """Write down an entry, with what has become known of it."""
        with self._writing:
            entry.update(told)
            self._write()

    def next_attempt(self, run: Run, info: RunInfo) -> None:
        """Training starts again within the process."""
        with self._writing:
            self._data["attempts"][-1].update(self._ending(run))
            if not run.failure:
                self._data["attempts"][-1]["status"] = "restarted"
            self._info = info
            self._data["attempts"].append(_attempt(info))
            self._write()

    def end(self, run: Run) -> None:
        """Write how it ended, and print the table. Never raises."""
        ending = self._ending(run)
        attempts = self._data["attempts"]
        attempts[-1].update(ending)
        self._data.update(
            {key: ending[key] for key in ("status", "exit_code", "ended", "step")},
            duration=sum(attempt.get("duration", 0) for attempt in attempts),
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

    def _ending(self, run: Run) -> dict[str, Any]:
        """How an attempt has ended, as its entry says it."""
        told = self._info.ending(run.status, run.failure, time.time())
        trace = run.failure.traceback if run.failure else None
        return {"error": None, **told, "step": run.step, "traceback": trace}

    def _write(self) -> None:
        try:
            self._folder.write_json(self._data)
        except OSError as problem:
            log.error("run.json could not be brought up to date: %s", problem)  # noqa: TRY400

    def _rows(self, run: Run) -> list[tuple[str, str]]:
        took = f"{self._data['duration']:.1f} s"  # as `triptych show` says it
        rows = [("status", f"{run.status} at step {run.step} after {took}")]
        if run.failure is not None:
            rows.append(("error", f"{run.failure.kind}: {run.failure.message}"))
        rows += [(f"open {name}", short(hint)) for name, hint in run.hints.items() if hint]
        rows += [
            (name, f"{totals.delivered:,} delivered, {totals.told()}")
            for name, totals in run.totals.sinks.items()
        ]
        for name, paths in (
            ("rejected", run.totals.rejected),
            ("not finite", run.totals.nonfinite),
        ):
            if paths:
                rows.append((name, _named(paths)))
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


def _named(counts: Mapping[str, int]) -> str:
    """The paths with their counts; a few of them where there are many."""
    told = [f"{path} ({count:,})" for path, count in counts.items()]
    more = [f"… {len(told) - _MOST_METRICS:,} more"] if len(told) > _MOST_METRICS else []
    return ", ".join([*told[:_MOST_METRICS], *more])


def _plain_totals(totals: SinkTotals) -> Mapping[str, Any]:
    shed = {reason: dict(paths) for reason, paths in totals.shed.items()}
    return {"accepted": totals.accepted, "delivered": totals.delivered, "shed": shed}


def _now() -> str:
    return datetime.now(UTC).astimezone().isoformat(timespec="seconds")
