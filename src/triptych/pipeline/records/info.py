"""`RunInfo`: what a sink learns about its run, and how the run stands."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from triptych.dashboard import Dashboard
    from triptych.pipeline.records.values import Failure


class Status(StrEnum):
    """How a run stands. Nobody can say "killed" of itself: `triptych.archive.repair` finds out."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    KILLED = "killed"


@dataclass(frozen=True, slots=True)
class WandbHost:
    """A `wandb.Run` that a framework's own logger has opened, and whose numbers come from there.

    Attributes:
        run: The host's run.
        axis: The host's step metric.
        offset: The host's step minus ours: -1 where it counts updates from 0.
    """

    run: Any
    axis: str
    offset: int


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What a sink learns about the run when it opens.

    Attributes:
        id: Folder name, W&B run id and, with the attempt, Rerun recording id.
        project: Project as the user named it.
        name: Display name as the user gave it.
        attempt: Process lives of this run so far, counted from 1.
        dir: The run folder.
        recording: The .rrd file of this attempt.
        config: The user's configuration, secrets masked.
        provenance: Where the run came from, secrets masked.
        tags: Short labels.
        notes: A longer description, or None.
        group: The larger whole that it is a part of, such as a search; or None.
        dashboard: How the user wants recordings laid out; None for the default.
        opens_with: For each sink the command or address that opens what it has written. Empty
            until all sinks are open: read it late.
        began: When this attempt did, seconds since 1970.
        resumed: Whether an earlier attempt exists.
    """

    id: str
    project: str
    name: str
    attempt: int
    dir: Path
    recording: Path
    config: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    notes: str | None = None
    group: str | None = None
    dashboard: Dashboard | None = None
    opens_with: Mapping[str, str] = field(default_factory=dict)
    began: float = field(default_factory=time.time)

    @property
    def resumed(self) -> bool:
        """Whether an earlier attempt exists."""
        return self.attempt > 1

    def ending(
        self, status: Status, error: Failure | None, when: float | None
    ) -> dict[str, str | float]:
        """How this attempt has ended, as everybody writes it down.

        Args:
            status: How it stands now.
            error: What ended it, or None.
            when: Seconds since 1970; None where nobody knows.

        Returns:
            `status`, and where they are known `exit_code`, `error` (what ended it), `ended` (ISO
            8601 with time zone) and `duration` (of this attempt, seconds).
        """
        told: dict[str, str | float] = {"status": str(status)}
        if status is not Status.KILLED:
            good = status is Status.FINISHED
            told["exit_code"] = 0 if good else error.exit_code if error else 1
        if error is not None:
            told["error"] = f"{error.kind}: {error.message}"
        if when is not None:
            ended = datetime.fromtimestamp(when, UTC).astimezone()
            told["ended"] = ended.isoformat(timespec="seconds")
            told["duration"] = round(when - self.began, 3)
        return told
