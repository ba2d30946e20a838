"""Python logging: every record gets the step, and every record reaches the run.

Handlers are described by an ordinary `logging.config` dictionary, `logging_config`; the run calls
them on a worker thread, so that a slow terminal or a full disk never holds up training.
"""

from __future__ import annotations

import copy
import json
import logging
import logging.config
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from triptych.pipeline.clock import StepClock
from triptych.pipeline.delivery import on_worker
from triptych.pipeline.records import Record, Words

LOCAL = ("rerun", "wandb", "triptych")
"""Loggers of the sinks themselves: their lines stay in the text panel, so that none can loop."""

LOGS = "logs"
"""Below this path each logger has its lines, under its own name."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_LINE = "%(asctime)s %(levelname)-7s step %(step)d %(phase)s | %(name)s: %(message)s"

_clocks: list[StepClock] = []


def logging_config(
    level: int | str = "INFO",
    *,
    console: bool = True,
    file: str | Path | None = None,
    json_lines: bool = False,
) -> dict[str, Any]:
    """A `logging.config` dictionary for training: change it, add to it, hand it to `triptych.run`.

    Every record carries `step`, `epoch` (None outside epochs), `phase` and `rank` as attributes,
    so that any formatter may use `%(step)d`. While a run is open, the handlers of the root logger
    are called on the run's worker thread.

    Args:
        level: The lowest level that is kept.
        console: Whether lines go to standard error.
        file: Where lines go as well; the run puts its own `train.log` here if it is None.
        json_lines: One JSON object a line instead of text, in both.
    """
    formatter = "json" if json_lines else "line"
    common = {"formatter": formatter, "filters": ["stamp"]}
    handlers: dict[str, dict[str, Any]] = {}
    if console:
        handlers["console"] = {"()": "triptych.terminal.ConsoleHandler", **common}
    if file is not None:
        handlers["file"] = {
            "class": "logging.FileHandler",
            "filename": str(file),
            "encoding": "utf-8",
            **common,
        }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"stamp": {"()": "triptych.words.StampFilter"}},
        "formatters": {
            "line": {"()": "triptych.words.LineFormatter"},
            "json": {"()": "triptych.words.JsonFormatter"},
        },
        "handlers": handlers,
        "root": {"level": level, "handlers": list(handlers)},
    }


class StampFilter(logging.Filter):
    """Gives a record the step, epoch, phase and rank of the newest open run; passes all."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Stamp the record, unless it is stamped already."""
        if not hasattr(record, "step"):
            clock = _clocks[-1] if _clocks else None
            record.step = clock.step if clock else 0
            record.epoch = clock.epoch if clock else None
            record.phase = clock.phase if clock else "-"
            record.rank = clock.rank if clock else 0
        return True


class LineFormatter(logging.Formatter):
    """Time, level, step, phase, logger and message; control characters are shown, not obeyed."""

    def __init__(self) -> None:
        super().__init__(_LINE, datefmt="%Y-%m-%d %H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """The line, with the traceback below it if there is one."""
        return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's time, level, logger, stamp, message and, if any, traceback and numbers."""
        fields = {
            "time": record.created,
            "level": record.levelname,
            "logger": record.name,
            **{key: getattr(record, key, None) for key in ("step", "epoch", "phase", "rank")},
            "message": record.getMessage(),
        }
        if record.exc_text:
            fields["traceback"] = record.exc_text
        if hasattr(record, "numbers"):
            fields["numbers"] = record.numbers
        return json.dumps(fields, ensure_ascii=False, default=str)


Put = Callable[[Record, Words], None]
"""Takes a record, and the words in it, on the thread that logged them."""


class RunHandler(logging.Handler):
    """Hands every log record to a run, formatted, since its arguments may change afterwards."""

    def __init__(self, clock: StepClock, put: Put) -> None:
        super().__init__()
        self._clock = clock
        self._put = put
        self.addFilter(StampFilter())

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a copy; a record that cannot be formatted is reported as `logging` does."""
        try:
            line = copy.copy(record)
            line.msg, line.args = record.getMessage(), None
            if record.exc_info and not record.exc_text:
                line.exc_text = logging.Formatter().formatException(record.exc_info)
            line.exc_info = None
            local = on_worker() or record.name.partition(".")[0] in LOCAL
            words = Words(line, local)
            self._put(Record(f"{LOGS}/{record.name}", self._clock.stamp(), words), words)
        except Exception:  # noqa: BLE001  # the rule of logging.Handler: never into the caller
            self.handleError(record)


class Panel:
    """Connects Python logging to one run, and puts back what was there before.

    Args:
        clock: Whose step the records carry.
        config: A dictionary as `logging_config` makes it.
        put: Takes each record on the thread that logged it.
    """

    def __init__(self, clock: StepClock, config: dict[str, Any], put: Put) -> None:
        self._clock = clock
        self._root = logging.getLogger()
        self._handler = RunHandler(clock, put)
        self._level = self._root.level
        wanted = config.get("root", {}).get("level", "INFO")
        self._wanted = logging.getLevelNamesMapping()[wanted] if isinstance(wanted, str) else wanted
        self._handler.setLevel(self._wanted)
        self._factory = logging.getLogRecordFactory()
        self._captures = getattr(logging, "_warnings_showwarning", None) is not None

    def connect(self) -> None:
        """Start taking records; warnings become records too."""
        _clocks.append(self._clock)
        logging.setLogRecordFactory(self._stamped)
        self._root.addHandler(self._handler)
        if self._root.level > self._wanted or self._root.level == logging.NOTSET:
            self._root.setLevel(self._wanted)
        logging.captureWarnings(capture=True)

    def disconnect(self) -> None:
        """Leave logging as it was found."""
        _clocks.remove(self._clock)
        self._root.removeHandler(self._handler)
        self._root.setLevel(self._level)
        if logging.getLogRecordFactory() == self._stamped:
            logging.setLogRecordFactory(self._factory)
        if not _clocks and not self._captures:
            logging.captureWarnings(capture=False)

    def leave_to_terminal(self) -> None:
        """In a forked child: no worker lives here, so lines go to standard error at once."""
        self._root.removeHandler(self._handler)
        direct = logging.StreamHandler()
        direct.setLevel(self._wanted)
        direct.setFormatter(LineFormatter())
        self._root.addHandler(direct)

    def _stamped(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record = self._factory(*args, **kwargs)
        StampFilter().filter(record)
        return record


def build_handlers(config: dict[str, Any]) -> list[logging.Handler]:
    """The root handlers that a `logging.config` dictionary describes.

    `logging.config.dictConfig` itself would first close every handler of the process, those of the
    user included.

    Raises:
        ValueError: If a handler cannot be made; the message names it.
    """
    configurator = logging.config.DictConfigurator(copy.deepcopy(config))
    described = configurator.config
    for section, build in (
        ("formatters", configurator.configure_formatter),
        ("filters", configurator.configure_filter),
    ):
        for name, options in described.get(section, {}).items():
            described[section][name] = build(options)
    handlers = []
    for name in described.get("root", {}).get("handlers", []):
        try:
            handler = configurator.configure_handler(described["handlers"][name])
        except (KeyError, ValueError, TypeError, OSError) as error:
            raise ValueError(f"The logging handler {name!r} cannot be made: {error!r}.") from error
        handler.name = name
        handlers.append(handler)
    return handlers


def speaks_already() -> bool:
    """Whether a root handler of the user writes to the terminal: ours would say it twice."""
    streams = (sys.stdout, sys.stderr)
    return any(
        isinstance(handler, logging.StreamHandler) and handler.stream in streams
        for handler in logging.getLogger().handlers
    )
