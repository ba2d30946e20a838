"""Lines of Python logging: how they look, and that the step stands on each."""

from __future__ import annotations

import json
import logging
import logging.config
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.faults import Fault
from triptych.pipeline.clock import StepClock
from triptych.words import (
    JsonFormatter,
    LineFormatter,
    StampFilter,
    build_handlers,
    clocks,
    logging_config,
    speaks_already,
)


@pytest.fixture
def clock() -> Iterator[StepClock]:
    """That of the newest open run: step 7, epoch 1, phase val."""
    clock = StepClock(7)
    clock.enter(epoch=1, phase="val")
    clocks.append(clock)
    yield clock
    clocks.remove(clock)


def _record(message: str = "hello", **extra: Any) -> logging.LogRecord:
    record = logging.LogRecord("some.logger", logging.WARNING, "", 0, message, None, None)
    record.__dict__.update(extra)
    StampFilter().filter(record)
    return record


@pytest.mark.usefixtures("clock")
def test_line_holds_level_step_phase_logger_and_message() -> None:
    """Behind the time."""
    line = LineFormatter().format(_record())
    assert line.split(" ", 2)[2] == "WARNING step 7 val | some.logger: hello"


def test_line_without_a_run_is_step_0() -> None:
    """A formatter may be used at any time."""
    assert " step 0 - | " in LineFormatter().format(_record())


def test_traceback_follows_its_line() -> None:
    """As Python prints it."""
    line = LineFormatter().format(_record(exc_text="Traceback\n  ValueError: no"))
    assert line.endswith("hello\nTraceback\n  ValueError: no")


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("over\rwritten", r"over\x0dwritten"),
        ("null \x00 bell \x07", r"null \x00 bell \x07"),
        ("right \u202e left", r"right \x202e left"),
        ("tab\tline\nμ", "tab\tline\nμ"),
    ],
)
def test_control_characters_are_shown_and_not_obeyed(
    message: str, shown: str, fault: Fault
) -> None:
    """A terminal would turn red, or hide what was said; tabs and lines are harmless."""
    assert LineFormatter().format(_record(message)).endswith(f"some.logger: {shown}")
    fault("terminal", case="lines", kept="all, escaped")


@pytest.mark.usefixtures("clock")
def test_json_line_holds_all_there_is() -> None:
    """Strict JSON in one line of ASCII, whatever the message."""
    numbers = {"loss": math.nan, "lr": 0.1}
    record = _record("zwei\nZeilen \u2028 \ud800", exc_text="Traceback", numbers=numbers)
    line = JsonFormatter().format(record)
    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert json.loads(line, parse_constant=pytest.fail) == {
        "time": record.created,
        "level": "WARNING",
        "logger": "some.logger",
        "step": 7,
        "epoch": 1,
        "phase": "val",
        "rank": 0,
        "message": "zwei\nZeilen \u2028 \\ud800",
        "traceback": "Traceback",
        "numbers": {"loss": "NaN", "lr": 0.1},
    }


@pytest.mark.usefixtures("clock")
def test_stamp_that_is_there_stays() -> None:
    """A record that comes from elsewhere, or whose author knows better."""
    record = _record(step=3, phase="train")
    stamp = {name: record.__dict__[name] for name in ("step", "epoch", "phase", "rank")}
    assert stamp == {"step": 3, "epoch": 1, "phase": "train", "rank": 0}


def test_configuration_is_one_that_logging_takes(tmp_path: Path) -> None:
    """With a file, and JSON in it; nothing but the standard library reads it."""
    file = tmp_path / "lines.log"
    config = logging_config("DEBUG", console=False, file=file, json_lines=True)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        logging.config.dictConfig(config)
        logging.getLogger("x").debug("hello")
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers, root.level = handlers, level
    line = json.loads(file.read_text())
    assert (line["level"], line["message"], line["step"]) == ("DEBUG", "hello", 0)


def test_configuration_is_made_anew_each_time() -> None:
    """So that it can be changed."""
    logging_config()["handlers"].clear()
    assert list(logging_config()["handlers"]) == ["console"]
    assert logging_config(console=False)["root"]["handlers"] == []
    assert logging_config("WARNING")["root"] == {"level": "WARNING", "handlers": ["console"]}


def test_handlers_are_built_with_what_the_user_has_added(tmp_path: Path) -> None:
    """A handler of theirs, with a formatter and a level of theirs; others are not touched."""
    before = logging.getLogger().handlers[:]
    config = logging_config(console=False, file=tmp_path / "a.log")
    config["formatters"]["mine"] = {"format": "%(step)d:%(message)s"}
    config["handlers"]["extra"] = {
        "class": "logging.FileHandler",
        "filename": str(tmp_path / "b.log"),
        "formatter": "mine",
        "level": "ERROR",
    }
    config["root"]["handlers"].append("extra")
    file, extra = build_handlers(config)
    assert (file.name, extra.name, extra.level) == ("file", "extra", logging.ERROR)
    assert extra.format(_record()) == "0:hello"
    assert logging.getLogger().handlers == before
    for handler in (file, extra):
        handler.close()


@pytest.mark.parametrize(
    "handler",
    [{"class": "nowhere.Handler"}, {"class": "logging.FileHandler"}, {"()": "logging.nothing"}],
)
def test_handler_that_cannot_be_made_is_named(handler: dict[str, str]) -> None:
    """And so is one that is not described at all."""
    config = logging_config(console=False)
    config["handlers"]["mine"] = handler
    config["root"]["handlers"] = ["mine"]
    with pytest.raises(ValueError, match="The logging handler 'mine' cannot be made"):
        build_handlers(config)
    del config["handlers"]["mine"]
    with pytest.raises(ValueError, match="The logging handler 'mine' cannot be made"):
        build_handlers(config)


def test_terminal_that_is_written_to_already_is_seen(tmp_path: Path) -> None:
    """A handler that writes to a file is none of these."""
    root = logging.getLogger()
    file = logging.FileHandler(tmp_path / "a.log")
    terminal = logging.StreamHandler(sys.stderr)
    told = []
    for handler in (file, terminal):
        root.addHandler(handler)
        told.append(speaks_already())
    for handler in (file, terminal):
        root.removeHandler(handler)
        handler.close()
    assert told == [False, True]
