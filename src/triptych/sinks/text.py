"""`TextSink`: the words, and now and then the numbers, on the console and in `train.log`."""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence
from typing import Any, NoReturn

from triptych.pipeline.paths import is_for_charts
from triptych.pipeline.records import (
    Artifact,
    Batch,
    Columns,
    Event,
    Failure,
    Record,
    RunInfo,
    Stamp,
    Status,
    Words,
)
from triptych.pipeline.sink import NotKept
from triptych.words import build_handlers, speaks_already


def _is_file(handler: logging.Handler) -> bool:
    return handler.name == "file"


def _raise(_line: logging.LogRecord) -> NoReturn:
    """Let the sink know, where logging would print a traceback for each line and go on."""
    raise  # noqa: PLE0704  # called by handlers in an `except`


class TextSink:
    """Lines of text, each with its step and phase.

    Numbers of gradients, time and the machine, as monitors log them, fill no lines of their own.

    Args:
        config: A `logging.config` dictionary as `triptych.logging_config` makes it. A handler
            called "file" that has no file yet is added for `train.log` in the run folder.
    """

    name = "text"
    takes_local_words = True
    durable = True

    def __init__(self, config: dict[str, Any]) -> None:
        self.hint = ""
        self._config = copy.deepcopy(config)
        self._handlers: list[logging.Handler] = []

    def open(self, info: RunInfo) -> None:
        """Make the handlers."""
        handlers = self._config.setdefault("handlers", {})
        if "file" not in handlers:
            like = handlers.get("console", {})
            (info.dir / "train.log").touch(mode=0o600)  # logging would go by the umask
            handlers["file"] = {
                "class": "logging.FileHandler",
                "filename": str(info.dir / "train.log"),
                "encoding": "utf-8",
                "errors": "backslashreplace",
                **{key: like[key] for key in ("formatter", "filters") if key in like},
            }
            root = self._config.setdefault("root", {})
            root["handlers"] = [*root.get("handlers", []), "file"]
        self.hint = f"less {handlers['file'].get('filename', '')}".removesuffix("less ")
        # the file last: the others have a line before a full disk raises
        self._handlers = sorted(build_handlers(self._config), key=_is_file)
        for handler in filter(_is_file, self._handlers):
            handler.handleError = _raise  # type: ignore[assignment,method-assign]

    def write(self, batch: Batch) -> None:
        """Write one line for the numbers of each step and for each record that is words.

        A terminal that the user's own logging writes to is left to it.
        """
        for stamp, values in _rows(batch.columns):
            self._write(_numbers_line(stamp, values))
        for record in batch.records:
            line = line_of(record)
            if line is not None:
                self._write(line)

    def flush(self, deadline: float) -> None:  # noqa: ARG002  # local files take no time
        """Hand every line to the operating system."""
        for handler in self._handlers:
            handler.flush()

    def close(self, status: Status, error: Failure | None, deadline: float) -> None:  # noqa: ARG002
        """Close the handlers."""
        for handler in self._handlers:
            handler.close()

    def _write(self, line: logging.LogRecord) -> None:
        said = speaks_already()
        for handler in self._handlers:
            if line.levelno >= handler.level and not (said and handler.name == "console"):
                try:
                    handler.handle(line)
                except OSError as problem:
                    raise NotKept from problem


def line_of(record: Record) -> logging.LogRecord | None:
    """The line of a record; None for a record that is no words."""
    value = record.value
    if isinstance(value, Words):
        return value.line
    if isinstance(value, Event):
        level = logging.getLevelNamesMapping().get(value.level, logging.INFO)
        return _make(record.stamp, level, "event", value.text)
    if isinstance(value, Artifact):
        return _make(record.stamp, logging.INFO, "event", value.text)
    if isinstance(value, Failure):
        line = _make(record.stamp, logging.CRITICAL, "error", f"{value.kind}: {value.message}")
        line.exc_text = value.traceback.rstrip("\n")
        return line
    return None


def _rows(blocks: Sequence[Columns]) -> list[tuple[Stamp, dict[str, float]]]:
    """The numbers by step; what was logged in several calls at one step stands together."""
    rows: dict[tuple[int, int, str], list[tuple[Stamp, dict[str, float]]]] = {}
    for block in blocks:
        if all(map(is_for_charts, block.paths)):
            continue
        for step, epoch, phase, when, row in zip(
            block.steps.tolist(),
            block.epochs.tolist(),
            block.phases,
            block.times.tolist(),
            block.values.tolist(),
            strict=True,
        ):
            values = dict(zip(block.paths, row, strict=True))
            same = rows.setdefault((step, epoch, phase), [])
            if same and same[-1][1].keys().isdisjoint(values):
                same[-1][1].update(values)
            else:
                stamp = Stamp(step, None if epoch < 0 else epoch, phase, when)
                same.append((stamp, values))
    return [row for same in rows.values() for row in same]


def _numbers_line(stamp: Stamp, values: dict[str, float]) -> logging.LogRecord:
    text = "  ".join(f"{path} {value:.6g}" for path, value in values.items())
    line = _make(stamp, logging.INFO, "numbers", text)
    line.numbers = values
    return line


def _make(stamp: Stamp, level: int, name: str, text: str) -> logging.LogRecord:
    line = logging.LogRecord(name, level, "", 0, text, None, None)
    line.created, line.msecs = stamp.time, stamp.time % 1 * 1000
    line.step, line.epoch, line.phase = stamp.step, stamp.epoch, stamp.phase
    line.rank = stamp.rank
    return line
