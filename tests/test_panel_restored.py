"""Python logging is the user's: what was there goes on, and comes back when the run closes."""

from __future__ import annotations

import io
import logging
import warnings
from pathlib import Path
from typing import Any

import pytest

import triptych
from triptych.pipeline.records import Words
from triptych.sinks.memory import MemorySink


def _open(root: Path, sink: MemorySink | None = None, **options: Any) -> triptych.Run:
    return triptych.run("p", root=root, sinks=[sink or MemorySink()], console=False, **options)


def _words(sink: MemorySink) -> list[tuple[str, int, str]]:
    """Path, step and text of every line."""
    lines = [(one, one.value) for one in sink.records if isinstance(one.value, Words)]
    return [(record.path, record.stamp.step, value.text) for record, value in lines]


def _state() -> tuple[object, ...]:
    root = logging.getLogger()
    make = logging.Logger.makeRecord
    return (*root.handlers, root.level, logging.getLogRecordFactory(), make, warnings.showwarning)


def test_logging_is_left_as_it_was_found(tmp_path: Path) -> None:
    """Handlers, level, records and warnings."""
    before = _state()
    with _open(tmp_path):
        assert _state() != before
    assert _state() == before


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["first", "last"])
def test_two_runs_leave_logging_as_it_was_in_whatever_order_they_close(
    tmp_path: Path, order: tuple[int, int]
) -> None:
    """And the one that is still open goes on hearing."""
    before = _state()
    sinks = [MemorySink(), MemorySink()]
    runs = [_open(tmp_path, sink) for sink in sinks]
    runs[1].advance()
    logging.getLogger("a").info("both")
    runs[order[0]].close()
    logging.getLogger("a").info("one")
    runs[order[1]].close()
    assert _state() == before
    first, last = order  # which is also the step of each
    assert _words(sinks[first]) == [("logs/a", first, "both")]
    assert _words(sinks[last]) == [("logs/a", last, "both"), ("logs/a", last, "one")]
    lines = [one.value.line for one in sinks[0].records if isinstance(one.value, Words)]
    assert {line.__dict__["step"] for line in lines} == {
        0
    }  # its own, though the other run was newer


def test_level_that_the_user_sets_in_between_stays(tmp_path: Path) -> None:
    """It is not ours to take back."""
    root = logging.getLogger()
    before = root.level
    with _open(tmp_path):
        root.setLevel(logging.ERROR)
    told, root.level = root.level, before
    assert told == logging.ERROR


def test_level_of_the_configuration_holds_and_a_lower_one_of_the_root_stays(
    tmp_path: Path,
) -> None:
    """Below it the handlers of the user hear what they heard before."""
    sink, root = MemorySink(), logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    with _open(tmp_path, sink, logging=triptych.logging_config("WARNING")):
        assert root.level == logging.DEBUG
        logging.getLogger("a").info("not here")
        logging.getLogger("a").warning("here")
    root.setLevel(before)
    assert _words(sink) == [("logs/a", 0, "here")]


def test_levels_of_loggers_in_the_configuration_hold_while_the_run_is_open(tmp_path: Path) -> None:
    """A library that says too much is made quieter there."""
    sink, config = MemorySink(), triptych.logging_config()
    config["loggers"] = {"chatty": {"level": "ERROR"}}
    with _open(tmp_path, sink, logging=config):
        logging.getLogger("chatty").warning("not here")
        logging.getLogger("chatty").error("here")
    assert _words(sink) == [("logs/chatty", 0, "here")]
    assert logging.getLogger("chatty").level == logging.NOTSET


def test_handlers_of_the_user_go_on_hearing(tmp_path: Path) -> None:
    """On the thread that logs, as before."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    with _open(tmp_path):
        logging.getLogger("a").warning("hello")
        assert stream.getvalue() == "hello\n"
    logging.getLogger("a").warning("after")
    logging.getLogger().removeHandler(handler)
    assert stream.getvalue() == "hello\nafter\n"
