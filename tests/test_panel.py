"""Python logging while a run is open, and how it is left behind."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import triptych
from triptych.panel import RunHandler
from triptych.pipeline.clock import StepClock
from triptych.pipeline.records import Words
from triptych.sinks.memory import MemorySink


@pytest.fixture
def heard() -> Iterator[list[logging.LogRecord]]:
    """What a handler of the user hears, on a logger that does not propagate."""
    records: list[logging.LogRecord] = []

    class Hearing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    logger, handler = logging.getLogger("apart"), Hearing()
    logger.propagate = False
    logger.addHandler(handler)
    yield records
    logger.removeHandler(handler)
    logger.propagate = True


def _open(root: Path, sink: MemorySink | None = None, **options: Any) -> triptych.Run:
    return triptych.run("p", root=root, sinks=[sink or MemorySink()], console=False, **options)


def _words(sink: MemorySink) -> list[tuple[str, int, str]]:
    """Path, step and text of every line."""
    lines = [(one, one.value) for one in sink.records if isinstance(one.value, Words)]
    return [(record.path, record.stamp.step, value.text) for record, value in lines]


def test_every_line_reaches_the_sinks_under_its_loggers_name(tmp_path: Path) -> None:
    """With its arguments filled in, at the step where it was said."""
    sink = MemorySink()
    with _open(tmp_path, sink) as run:
        logging.getLogger("a.b").info("lr is %g", 0.1)
        for _ in run.steps(range(2)):
            logging.getLogger("c").warning("careful")
        logging.getLogger("c").debug("below the level")
    assert _words(sink) == [
        ("logs/a.b", 0, "lr is 0.1"),
        ("logs/c", 1, "careful"),
        ("logs/c", 2, "careful"),
    ]


def test_every_formatter_may_use_the_stamp(tmp_path: Path, heard: list[logging.LogRecord]) -> None:
    """That of a handler that knows nothing of Triptych, too."""
    formatter = logging.Formatter("%(step)d %(epoch)s %(phase)s %(rank)d %(message)s")
    logger = logging.getLogger("apart")
    with _open(tmp_path) as run:
        logger.warning("before")
        for _ in run.epochs(1):
            next(run.steps([1]))
            with run.phase("val"):
                logger.warning("within")
    told = [formatter.format(record) for record in heard]
    assert told == ["0 None train 0 before", "1 0 val 0 within"]


def test_extra_attributes_of_the_same_names_are_the_users(
    tmp_path: Path, heard: list[logging.LogRecord]
) -> None:
    """Logging refuses extras that a record has already; ours come after them."""
    sink = MemorySink()
    extra = {"step": "mine", "epoch": 9, "rank": 3}
    with _open(tmp_path, sink):
        logging.getLogger("apart").warning("a", extra=extra)
        logging.getLogger("b").warning("b", extra=extra)
    (record,) = heard
    told = {name: getattr(record, name) for name in ("step", "epoch", "phase", "rank")}
    assert told == {"step": "mine", "epoch": 9, "phase": "train", "rank": 3}
    (line,) = [one.value.line for one in sink.records if isinstance(one.value, Words)]
    stamp = {name: getattr(line, name) for name in ("step", "epoch", "rank")}
    assert stamp == {"step": 0, "epoch": None, "rank": 0}  # the panels have the run's own


def test_exception_is_text_with_its_traceback(tmp_path: Path) -> None:
    """Nothing keeps the frames, and the tensors in them, alive."""
    sink = MemorySink()
    with _open(tmp_path, sink):
        try:
            int("out of luck")
        except ValueError:
            logging.getLogger("a").exception("failed")
    ((_, _, text),) = _words(sink)
    assert text.startswith("failed\nTraceback (most recent call last):\n")
    assert text.endswith("ValueError: invalid literal for int() with base 10: 'out of luck'")
    (line,) = [one.value.line for one in sink.records if isinstance(one.value, Words)]
    assert (line.exc_info, line.args) == (None, None)


def test_line_with_a_wrong_format_does_not_raise(capsys: pytest.CaptureFixture[str]) -> None:
    """It is reported as logging does."""
    put: list[object] = []
    handler = RunHandler(StepClock(), lambda record, words: put.append((record, words)))
    wrong = logging.LogRecord("a", logging.WARNING, "", 0, "%d layers", ("many",), None)
    handler.handle(wrong)
    assert put == []
    assert "Message: '%d layers'\nArguments: ('many',)" in capsys.readouterr().err


def test_arguments_are_formatted_before_they_change(tmp_path: Path) -> None:
    """On the thread that logs."""
    sink, losses = MemorySink(), [0.5]
    with _open(tmp_path, sink):
        logging.getLogger("a").warning("losses %s", losses)
        losses[0] = 9
    assert _words(sink) == [("logs/a", 0, "losses [0.5]")]


@pytest.mark.filterwarnings("default::UserWarning")
def test_warnings_are_lines(tmp_path: Path) -> None:
    """Until the run closes."""
    sink = MemorySink()
    showing = warnings.showwarning
    with _open(tmp_path, sink):
        warnings.warn("deprecated", stacklevel=1)
    assert warnings.showwarning is showing
    ((path, _, text),) = _words(sink)
    assert path == "logs/py.warnings"
    assert "UserWarning: deprecated" in text


def test_lines_of_sinks_and_of_triptych_stay_in_the_text_panel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent to the sink that has said them, they would go round."""
    monkeypatch.setattr(logging.getLogger("wandb"), "propagate", True)  # W&B may be loaded already

    class Taking(MemorySink):
        name = "taking"
        takes_local_words = True

    sink, taking = MemorySink(), Taking()
    with triptych.run("p", root=tmp_path, sinks=[sink, taking], console=False):
        for name in ("wandb", "wandb.sdk", "rerun", "triptych", "wandbish"):
            logging.getLogger(name).warning("hello")
    assert [path for path, _, _ in _words(sink)] == ["logs/wandbish"]
    assert [path for path, _, _ in _words(taking)] == [
        f"logs/{name}" for name in ("wandb", "wandb.sdk", "rerun", "triptych", "wandbish")
    ]


def test_sink_that_logs_when_it_is_written_to_does_not_go_round(tmp_path: Path) -> None:
    """A handler that posts lines with a client that logs, say."""

    class Speaking(MemorySink):
        name = "speaking"
        takes_local_words = True

        def write(self, batch: Any) -> None:
            logging.getLogger("client").info("posting")
            super().write(batch)

    sink, speaking = MemorySink(), Speaking()
    run = triptych.run("p", root=tmp_path, sinks=[sink, speaking], console=False)
    logging.getLogger("a").info("hello")
    assert run.flush()
    assert run.close()
    assert _words(speaking) == _words(sink) == [("logs/a", 0, "hello")]
