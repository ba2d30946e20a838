"""What travels from the training thread to the sinks: stamps, columns of numbers, records."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from triptych.dashboard import Dashboard
    from triptych.visuals import Visual


class Status(StrEnum):
    """How a run stands. Nobody can say "killed" of itself: `triptych.archive.repair` finds out."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    KILLED = "killed"


@dataclass(frozen=True, slots=True)
class Stamp:
    """When something was logged, taken on the thread that logged it.

    Attributes:
        step: Optimizer updates begun so far: 0 before the first, k while update k is made and
            until update k+1 begins.
        epoch: Zero-based pass over the data; None outside epochs.
        phase: What the loop was doing, such as "train" or "val".
        time: Wall clock, seconds since 1970.
        rank: Global rank of the process.
    """

    step: int
    epoch: int | None
    phase: str
    time: float
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Words:
    """One line of Python logging.

    Attributes:
        line: The log record, its message and traceback already formatted to text.
        local: Whether it stays in the text panel, because a sink or its SDK said it: sent to that
            sink again, it could go round for ever.
    """

    line: logging.LogRecord
    local: bool = False

    @property
    def text(self) -> str:
        """The message, followed by the traceback if there is one."""
        message = self.line.getMessage()
        return f"{message}\n{self.line.exc_text}" if self.line.exc_text else message

    @property
    def nbytes(self) -> int:
        """Bytes held, for the bounded buffer."""
        return 500 + len(self.text)


@dataclass(frozen=True, slots=True)
class Event:
    """A marker: something worth finding again happened here.

    Attributes:
        text: What happened.
        level: The name of a level of logging.
    """

    text: str
    level: str = "INFO"

    @property
    def is_incident(self) -> bool:
        """Whether something went wrong: "WARNING" and what is above."""
        return logging.getLevelNamesMapping().get(self.level, 0) >= logging.WARNING

    @property
    def nbytes(self) -> int:
        """Bytes held, for the bounded buffer."""
        return 200 + len(self.text)


@dataclass(frozen=True, slots=True)
class Failure:
    """The exception that ended the run, as text: an exception object would keep tensors alive.

    Attributes:
        kind: Qualified name of the exception's class.
        message: What it said.
        traceback: The whole traceback as Python prints it.
        exit_code: What the process exits with: 1, 130 after Ctrl-C, 143 after SIGTERM.
    """

    kind: str
    message: str
    traceback: str
    exit_code: int = 1

    @property
    def nbytes(self) -> int:
        """Bytes held, for the bounded buffer."""
        return 500 + len(self.traceback)


@dataclass(frozen=True, slots=True)
class Artifact:
    """Files were saved: a model, predictions, a data set.

    Attributes:
        path: Where whoever saved them put them: a file or a folder.
        text: What the text panels say.
        name: Under which it is known; versions of one name belong together.
        type: What it is, such as "model".
        aliases: Names of this version, such as "latest", "best" and "step-120".
        metrics: The score it was saved with.
    """

    path: Path
    text: str
    name: str
    type: str = "model"
    aliases: tuple[str, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """Bytes held, for the bounded buffer."""
        return 500


@dataclass(frozen=True, slots=True)
class Upload:
    """Files to send to where versions of them are kept; only for sinks that take files.

    Attributes:
        files: A file or a folder that nobody writes to any more.
        name: Versions of one name belong together.
        type: What it is, such as "model".
        aliases: Names of this version.
        metadata: Where it came from, and its score.
        ours: Whether the files are a copy, in a folder of their own, that can be removed when it
            is there.
    """

    files: Path
    name: str
    type: str
    aliases: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    ours: bool = False

    @property
    def nbytes(self) -> int:
        """Bytes held, for the bounded buffer."""
        return 500


@dataclass(frozen=True, slots=True)
class Config:
    """Settings, or something about where the run came from, became known after it had opened.

    Attributes:
        info: The run, with all that is known so far.
    """

    info: RunInfo

    @property
    def nbytes(self) -> int:
        """Bytes held, for the bounded buffer."""
        return 500


@dataclass(frozen=True, slots=True)
class Foreign:
    """A value of one back end (an archetype, a `wandb` media object), for that back end alone.

    Attributes:
        value: The object as the user made it.
        home: Name of the sink that takes it as it is, "rerun" or "wandb".
        visual: What the other sinks show in its place, if that is sensible.
    """

    value: Any
    home: str
    visual: Visual | None = None

    @property
    def nbytes(self) -> int:
        """Bytes held, for the bounded buffer; a guess where only a copy is known."""
        return 4096 + (self.visual.nbytes if self.visual is not None else 0)


@dataclass(frozen=True, slots=True)
class Record:
    """One value that is not a number, at one path and one stamp."""

    path: str
    stamp: Stamp
    value: Visual | Words | Event | Artifact | Upload | Config | Failure | Foreign

    @property
    def sheddable(self) -> bool:
        """Whether it may be dropped under load: pictures may, words and errors may not."""
        return not isinstance(self.value, Words | Event | Artifact | Upload | Config | Failure)


@dataclass(frozen=True, slots=True)
class Columns:
    """Numbers that were logged together, row by row.

    Attributes:
        paths: P names.
        steps: (N,) int64.
        epochs: (N,) int64; -1 where there was no epoch.
        times: (N,) float64, seconds since 1970.
        values: (N, P) float64; NaN and infinities as they were logged.
        phases: N phases.
        logged: How many logged rows these N stand for: more than N where a window became a row.
    """

    paths: tuple[str, ...]
    steps: npt.NDArray[np.int64]
    epochs: npt.NDArray[np.int64]
    times: npt.NDArray[np.float64]
    values: npt.NDArray[np.float64]
    phases: tuple[str, ...]
    logged: int

    def __len__(self) -> int:
        return len(self.steps)

    def rows(self, start: int, stop: int) -> Columns:
        """The rows [start, stop) of columns that stand for themselves, as views."""
        cut = slice(start, stop)
        return Columns(
            self.paths,
            self.steps[cut],
            self.epochs[cut],
            self.times[cut],
            self.values[cut],
            self.phases[cut],
            stop - start,
        )


def joined(parts: Sequence[Columns]) -> Columns:
    """Columns of the same paths, one after the other."""
    if len(parts) == 1:
        return parts[0]
    import numpy as np

    arrays = ("steps", "epochs", "times", "values")
    together = {name: np.concatenate([getattr(part, name) for part in parts]) for name in arrays}
    return Columns(
        parts[0].paths,
        **together,
        phases=tuple(phase for part in parts for phase in part.phases),
        logged=sum(part.logged for part in parts),
    )


@dataclass(frozen=True, slots=True)
class Batch:
    """What a sink is asked to write at once; either part may be empty."""

    columns: tuple[Columns, ...] = ()
    records: tuple[Record, ...] = ()

    @property
    def size(self) -> int:
        """How many logged values it stands for."""
        numbers = sum(block.logged * len(block.paths) for block in self.columns)
        return numbers + len(self.records)


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
