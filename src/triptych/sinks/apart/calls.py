"""`call`: one call of a sink, and the `Answer` that comes of it."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from triptych.pipeline.records import Batch


@dataclass(frozen=True, slots=True)
class Problem:
    """What a sink raised.

    Attributes:
        error: The exception.
        cause: What it was raised from, which pickle does not keep; or None.
    """

    error: BaseException
    cause: BaseException | None

    def whole(self) -> BaseException:
        """The exception with its cause."""
        self.error.__cause__ = self.cause
        return self.error

    def sendable(self) -> Problem:
        """With exceptions of the same words, where the other side could not read them."""
        return Problem(_sendable(self.error), self.cause and _sendable(self.cause))


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call.

    Attributes:
        problems: One for the call; or for each record, of a call with several. None: all is well.
        hint: That of the sink.
        place: That of the sink.
        lines: What was logged meanwhile in another process.
    """

    problems: list[Problem | None]
    hint: str
    place: Path | None
    lines: Sequence[logging.LogRecord] = ()

    def sendable(self, lines: Sequence[logging.LogRecord]) -> Answer:
        """The same for another process."""
        problems = [one.sendable() if one else None for one in self.problems]
        return replace(self, problems=problems, lines=lines)

    @property
    def errors(self) -> list[BaseException | None]:
        """The problems as exceptions."""
        return [one.whole() if one else None for one in self.problems]


def call(sink: Any, what: str, given: Sequence[Any]) -> Answer:
    """Call a method of a sink, if it has one; of several records each is written alone."""
    if what == "write_each":
        (records,) = given
        problems = [_try(sink.write, Batch(records=(record,))) for record in records]
    else:
        method = getattr(sink, what, None)
        problems = [None if method is None else _try(method, *given)]
    return Answer(problems, getattr(sink, "hint", ""), getattr(sink, "place", None))


def _try(method: Any, *given: Any) -> Problem | None:
    try:
        method(*given)
    except BaseException as error:  # noqa: BLE001  # the other side decides what it means
        return Problem(error, error.__cause__)
    return None


def _sendable(error: BaseException) -> BaseException:
    try:
        again: BaseException = pickle.loads(pickle.dumps(error))  # noqa: S301
    except Exception:  # noqa: BLE001  # theirs
        return RuntimeError(f"{type(error).__name__}: {error}")
    return again
