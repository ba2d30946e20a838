"""What travels from the training thread to the sinks: stamps, columns of numbers, records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import logging

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
    """A marker: something worth finding again happened here."""

    text: str

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
class Checkpoint:
    """A model was saved.

    Attributes:
        path: Where the framework put it: a file or a folder.
        text: What the text panels say.
        name: Under which it is kept; versions of one name belong together.
        copy: Files of ours to upload, which stay when the framework deletes its own; None where
            only the marker is wanted.
        aliases: Names of this version, such as "latest", "best" and "step-120".
        metrics: The score it was saved with.
    """

    path: Path
    text: str
    name: str
    copy: Path | None = None
    aliases: tuple[str, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """Bytes held, for the bounded buffer."""
        return 500


@dataclass(frozen=True, slots=True)
class Config:
    """Settings became known after the run had opened.

    Attributes:
        info: The run, with all settings known so far.
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
    value: Visual | Words | Event | Checkpoint | Config | Failure | Foreign

    @property
    def sheddable(self) -> bool:
        """Whether it may be dropped under load: pictures may, words and errors may not."""
        return not isinstance(self.value, Words | Event | Checkpoint | Config | Failure)


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

    @property
    def resumed(self) -> bool:
        """Whether an earlier attempt exists."""
        return self.attempt > 1
