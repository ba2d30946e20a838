"""How lines of Python logging look: the step on each, text or JSON, and a dictionary to say so.

Handlers are described by an ordinary `logging.config` dictionary, `logging_config`; the run calls
them on a worker thread, so that a slow terminal or a full disk never holds up training.
"""

from __future__ import annotations

import copy
import json
import logging
import sys
from pathlib import Path
from typing import Any

from triptych.archive.plain import plain
from triptych.pipeline.clock import StepClock
from triptych.printable import printable

_LINE = "%(asctime)s %(levelname)-7s step %(step)d %(phase)s | %(name)s: %(message)s"

STAMP = ("step", "epoch", "phase", "rank")
"""Attributes that every log record carries while a run is open."""

clocks: list[StepClock] = []
"""Of the open runs, the newest last."""


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
    # described in any case: a file that the run adds looks like it
    handlers: dict[str, dict[str, Any]] = {
        "console": {"()": "triptych.terminal.ConsoleHandler", **common}
    }
    if file is not None:
        handlers["file"] = {
            "class": "logging.FileHandler",
            "filename": str(file),
            "encoding": "utf-8",
            "errors": "backslashreplace",
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
        "root": {
            "level": level,
            "handlers": [name for name in handlers if console or name != "console"],
        },
    }


def stamp_record(record: logging.LogRecord) -> None:
    """Give a record the step, epoch, phase and rank of the newest open run, where it has none."""
    try:
        clock = clocks[-1]
        stamp = (clock.step, clock.epoch, clock.phase, clock.rank)
    except IndexError:  # no run is open
        stamp = (0, None, "-", 0)
    for name, value in zip(STAMP, stamp, strict=True):
        record.__dict__.setdefault(name, value)


class StampFilter(logging.Filter):
    """Gives records that were made elsewhere, by a queue say, their stamp; passes all."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Stamp the record, unless it is stamped already."""
        stamp_record(record)
        return True


class LineFormatter(logging.Formatter):
    """Time, level, step, phase, logger and message; control characters are shown, not obeyed."""

    def __init__(self) -> None:
        super().__init__(_LINE, datefmt="%Y-%m-%d %H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """The line, with the traceback below it if there is one."""
        return printable(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's time, level, logger, stamp, message and, if any, traceback and numbers."""
        fields = {
            "time": record.created,
            "level": record.levelname,
            "logger": record.name,
            **{key: getattr(record, key, None) for key in STAMP},
            "message": record.getMessage(),
        }
        if record.exc_text:
            fields["traceback"] = record.exc_text
        if hasattr(record, "numbers"):
            fields["numbers"] = record.numbers
        # ASCII, since some readers end a line at characters of Unicode too
        return json.dumps(plain(fields), allow_nan=False)


def build_handlers(config: dict[str, Any]) -> list[logging.Handler]:
    """The root handlers that a `logging.config` dictionary describes.

    `logging.config.dictConfig` itself would first close every handler of the process, those of the
    user included.

    Raises:
        ValueError: If a handler cannot be made; the message names it.
    """
    from logging.config import DictConfigurator  # loads sockets and pickle: not at import

    configurator = DictConfigurator(copy.deepcopy(config))
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
