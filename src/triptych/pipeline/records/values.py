"""What is logged beside numbers and visuals: words, events, files, settings, a failure."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from triptych.pipeline.records.info import RunInfo

if TYPE_CHECKING:
    from triptych.visuals import Visual


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
