"""`Panel`: Python logging, connected to a run; every record gets the step and reaches the run."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

from triptych.pipeline.clock import StepClock
from triptych.pipeline.records import Record, Words
from triptych.pipeline.worker import on_worker
from triptych.printable import encodable
from triptych.words import STAMP, LineFormatter, clocks, speaks_already, stamp_record

LOCAL = ("rerun", "wandb", "triptych")
"""Loggers of the sinks themselves: their lines stay in the text panel, so that none can loop."""

LOGS = "logs"
"""Below this path each logger has its lines, under its own name."""

Put = Callable[[Record, Words], None]
"""Takes a record, and the words in it, on the thread that logged them."""


class RunHandler(logging.Handler):
    """Hands every log record to a run, formatted, since its arguments may change afterwards."""

    def __init__(self, clock: StepClock, put: Put) -> None:
        super().__init__()
        self._clock = clock
        self._put = put

    def handle(self, record: logging.LogRecord) -> bool:
        """Queue a copy, without the lock of `logging.Handler`.

        The run has a lock of its own, and with two a signal handler that logs could stand between
        them: its thread holds the one and wants the other, and another thread the other way round.
        """
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a copy; a record that cannot be formatted is reported as `logging` does."""
        try:
            line = copy.copy(record)
            line.name = encodable(record.name)
            line.msg, line.args = encodable(record.getMessage()), None
            if record.exc_info and not record.exc_text:
                line.exc_text = logging.Formatter().formatException(record.exc_info)
            line.exc_text = line.exc_text and encodable(line.exc_text)
            line.exc_info = None
            local = on_worker() or record.name.partition(".")[0] in LOCAL
            stamp = self._clock.stamp()  # that of this run, whatever `extra=` says of its own
            line.__dict__.update({name: getattr(stamp, name) for name in STAMP})
            words = Words(line, local)
            self._put(Record(f"{LOGS}/{line.name}", stamp, words), words)
        except Exception:  # noqa: BLE001  # the rule of logging.Handler: never into the caller
            self.handleError(record)


@dataclass(frozen=True, slots=True)
class _Before:
    """What Python logging was like before the first run opened, and what became of it."""

    level: int
    our_level: int
    make_record: Callable[..., logging.LogRecord]
    our_make_record: Callable[..., logging.LogRecord]
    captures: bool


_before: _Before | None = None
_connected: list[RunHandler] = []


class Panel:
    """Connects Python logging to one run; the last one to disconnect leaves it as it was found.

    Args:
        clock: Whose step the records carry.
        config: A dictionary as `logging_config` makes it.
        put: Takes each record on the thread that logged it.
    """

    def __init__(self, clock: StepClock, config: dict[str, Any], put: Put) -> None:
        self._clock = clock
        self._root = logging.getLogger()
        self._handler = RunHandler(clock, put)
        self._direct: logging.Handler = logging.NullHandler()
        wanted = config.get("root", {}).get("level", "INFO")
        self._wanted = logging.getLevelNamesMapping()[wanted] if isinstance(wanted, str) else wanted
        self._handler.setLevel(self._wanted)
        self._loggers: dict[logging.Logger, int | str] = {
            logging.getLogger(name): options["level"]
            for name, options in config.get("loggers", {}).items()
            if "level" in options
        }

    def connect(self) -> None:
        """Start taking records; warnings become records too."""
        global _before  # noqa: PLW0603  # logging belongs to the process
        clocks.append(self._clock)
        self._exchange_levels()
        self._root.addHandler(self._handler)
        _connected.append(self._handler)
        level = self._root.level
        if level > self._wanted or level == logging.NOTSET:
            self._root.setLevel(self._wanted)
        if _before is None:
            captures = getattr(logging, "_warnings_showwarning", None) is not None
            original = logging.Logger.makeRecord
            stamping = _stamping(original)
            _before = _Before(level, self._root.level, original, stamping, captures)
            logging.Logger.makeRecord = stamping  # type: ignore[method-assign]
            logging.captureWarnings(capture=True)
        else:
            _before = replace(_before, our_level=self._root.level)

    def disconnect(self) -> None:
        """Leave logging as it was found, unless another run is open; again, and nothing happens."""
        global _before  # noqa: PLW0603
        self._remove_handler()
        self._root.removeHandler(self._direct)
        if self._clock in clocks:
            clocks.remove(self._clock)
            self._exchange_levels()
        if clocks or _before is None:
            return
        if self._root.level == _before.our_level:
            self._root.setLevel(_before.level)
        if logging.Logger.makeRecord is _before.our_make_record:
            logging.Logger.makeRecord = _before.make_record  # type: ignore[method-assign]
        if not _before.captures:
            logging.captureWarnings(capture=False)
        _before = None

    def _exchange_levels(self) -> None:
        """Those of the loggers that the configuration names, for those they had; and back."""
        for logger, level in self._loggers.items():
            self._loggers[logger] = logger.level
            logger.setLevel(level)

    def leave_to_terminal(self) -> None:
        """In a forked child: no worker lives here, so lines go to standard error at once."""
        self._remove_handler()
        self.speak_directly(self._wanted)

    def _remove_handler(self) -> None:
        if self._handler in _connected:
            _connected.remove(self._handler)
        self._root.removeHandler(self._handler)

    def speak_directly(self, level: int) -> None:
        """Let lines from this level on go to standard error at once: no sink would show them.

        Not where a handler of the user does so.
        """
        if not speaks_already():
            direct = self._direct = logging.StreamHandler()
            direct.setLevel(level)
            direct.setFormatter(LineFormatter())
            self._root.addHandler(direct)


def _stamping(original: Callable[..., logging.LogRecord]) -> Callable[..., logging.LogRecord]:
    """`Logger.makeRecord`, and then the stamp.

    A record factory would be the official place, but there the stamp comes before `extra=`, and
    logging refuses extras that are there already: `log.info(..., extra={"step": 3})` would raise.
    """

    @wraps(original)
    def make_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = original(*args, **kwargs)
        stamp_record(record)
        for handler in _connected:
            if handler not in logging.root.handlers:  # somebody has called dictConfig meanwhile
                logging.root.addHandler(handler)
        return record

    return make_record
