"""The text panel: lines on the console and in `train.log`."""

from __future__ import annotations

import json
import logging
import re
import sys
from pathlib import Path
from typing import Any

import pytest

import triptych
from triptych.sinks.text import TextSink

_TIME = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", re.MULTILINE)


def _run(root: Path, config: dict[str, Any], **options: Any) -> triptych.Run:
    return triptych.run("p", root=root, sinks=[TextSink(config)], console=False, **options)


def _lines(run: triptych.Run) -> str:
    return _TIME.sub("", (run.dir / "train.log").read_text("utf-8"))


def test_everything_that_is_words_is_a_line_with_its_step(tmp_path: Path) -> None:
    """Numbers of a row together, log lines, markers, checkpoints."""
    with _run(tmp_path, triptych.logging_config(console=False)) as run:
        for _ in run.epochs(1):
            for batch in run.steps(range(2)):
                run.log({"train/loss": 1 / (batch + 3), "train/lr": 1e-3})
                run.flush()
            with run.phase("val"):
                logging.getLogger("model").warning("worse\n%s", "twice")
        run.event("half-way")
        (tmp_path / "model.pt").touch()
        run.checkpoint(tmp_path / "model.pt", metrics={"loss": 0.25})
    assert _lines(run).splitlines() == [
        "INFO    step 1 train | numbers: train/loss 0.333333  train/lr 0.001",
        "INFO    step 2 train | numbers: train/loss 0.25  train/lr 0.001",
        "WARNING step 2 val | model: worse",
        "twice",
        "INFO    step 2 train | event: half-way",
        "INFO    step 2 train | event: checkpoint model.pt (loss 0.25)",
    ]


def test_lines_have_the_time_at_which_they_were_said(tmp_path: Path) -> None:
    """Not that at which the worker came to them; whole seconds, local time."""
    with _run(tmp_path, triptych.logging_config(console=False)) as run:
        run.event("now")
    assert _TIME.match((run.dir / "train.log").read_text())


def test_exception_that_ends_a_run_is_a_line_with_its_traceback(tmp_path: Path) -> None:
    """At the step where it happened."""
    run = _run(tmp_path, triptych.logging_config(console=False))
    next(run.steps([1]))
    with pytest.raises(ValueError, match="out of luck"), run:
        raise ValueError("out of luck")
    text = _lines(run)
    assert text.startswith("CRITICAL step 1 train | error: ValueError: out of luck\nTraceback")
    assert text.endswith('raise ValueError("out of luck")\nValueError: out of luck\n')


def test_json_lines_are_for_machines(tmp_path: Path) -> None:
    """Each line is one object, the numbers by path."""
    with _run(tmp_path, triptych.logging_config(console=False, json_lines=True)) as run:
        logging.getLogger("a").error("two\nlines")
        run.flush()
        run.log({"loss": 0.1, "lr": 1})
    lines = [json.loads(line) for line in (run.dir / "train.log").read_text().splitlines()]
    told = [(one["logger"], one["level"], one["message"], one.get("numbers")) for one in lines]
    assert told == [
        ("a", "ERROR", "two\nlines", None),
        ("numbers", "INFO", "loss 0.1  lr 1", {"loss": 0.1, "lr": 1.0}),
    ]


def test_handlers_that_the_user_has_added_get_every_line(tmp_path: Path) -> None:
    """Above their level, in their format."""
    config = triptych.logging_config(console=False)
    config["formatters"]["short"] = {"format": "%(step)s|%(name)s|%(message)s"}
    config["handlers"]["errors"] = {
        "class": "logging.FileHandler",
        "filename": str(tmp_path / "errors.log"),
        "formatter": "short",
        "level": "ERROR",
    }
    config["root"]["handlers"].append("errors")
    with _run(tmp_path, config) as run:
        run.advance()
        logging.getLogger("a").info("fine")
        logging.getLogger("a").error("not fine")
    assert (tmp_path / "errors.log").read_text() == "1|a|not fine\n"
    assert _lines(run).splitlines() == [
        "INFO    step 1 train | a: fine",
        "ERROR   step 1 train | a: not fine",
    ]


def test_file_of_the_user_takes_the_place_of_ours(tmp_path: Path) -> None:
    """`logging_config(file=...)` says where."""
    file = tmp_path / "mine.log"
    with _run(tmp_path, triptych.logging_config(console=False, file=file)) as run:
        run.event("hello")
    assert not (run.dir / "train.log").exists()
    assert file.read_text().endswith("event: hello\n")
    assert run.hints == {"text": f"less {file}"}


def test_dictionary_of_the_user_is_not_changed(tmp_path: Path) -> None:
    """It may serve the next run."""
    config = triptych.logging_config(console=False)
    with _run(tmp_path, config):
        pass
    assert config == triptych.logging_config(console=False)


def test_console_says_what_the_file_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error."""
    with _run(tmp_path, triptych.logging_config()) as run:
        logging.getLogger("a").warning("hello")
    out, err = capsys.readouterr()
    assert (out, err) == ("", (run.dir / "train.log").read_text())


def test_terminal_that_the_user_writes_to_already_is_left_to_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After `logging.basicConfig`, every line would come twice."""
    handler = logging.StreamHandler(sys.stderr)
    logging.getLogger().addHandler(handler)
    with _run(tmp_path, triptych.logging_config()) as run:
        logging.getLogger("a").warning("hello")
    logging.getLogger().removeHandler(handler)
    assert capsys.readouterr().err == "hello\n"
    assert _lines(run) == "WARNING step 0 train | a: hello\n"


def test_text_that_no_encoding_has_is_kept_as_an_escape(tmp_path: Path) -> None:
    """File names may hold lone surrogates."""
    with _run(tmp_path, triptych.logging_config(console=False)) as run:
        logging.getLogger("a").warning("file \udcff μ")
    assert _lines(run) == "WARNING step 0 train | a: file \\udcff μ\n"


def test_handler_that_cannot_be_made_keeps_the_run_going(tmp_path: Path) -> None:
    """The panel stays out, and says why; the run is told."""
    config = triptych.logging_config(console=False)
    config["root"]["handlers"] = ["nowhere"]
    run = _run(tmp_path, config)
    run.event("hello")
    assert not run.close()
    assert run.totals.sinks["text"].shed["not open"]["events"] == 1
