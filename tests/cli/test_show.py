"""`triptych show`, as it is typed."""

from __future__ import annotations

import json
import logging
import signal
from pathlib import Path

import pytest
from typer.testing import CliRunner

import triptych
from tests.support import environment
from triptych.archive.find import all_runs
from triptych.cli.app import app
from triptych.sinks.rerun import RerunSink
from triptych.sinks.text import TextSink
from triptych.words import logging_config

_KILLED = """
import os, signal, triptych
with triptych.run("digits", "cnn", wandb=False, console=False) as run:
    run.advance()
    run.log({"train/loss": 0.5})
    run.event("the last that was heard of it")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def run_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run below ./runs of two attempts: one was interrupted, the other failed."""
    monkeypatch.chdir(tmp_path)
    _train("interrupted")
    with pytest.raises(ZeroDivisionError):
        _train("failed")
    (folder,) = all_runs()
    return folder.id


def _train(ending: str) -> None:
    with triptych.run(
        "digits",
        "cnn",
        config={"model": {"width": 8}, "api_key": "hunter2"},
        tags=["small"],
        sinks=[RerunSink(), TextSink(logging_config(console=False))],
        console=False,
        resume="latest" if ending == "failed" else None,
    ) as run:
        for _ in run.steps(range(3)):
            run.log({"train/loss": 1 / run.step, "grad_norm/conv": 2.0, "odd": float("nan")})
        run.event("unfroze the backbone")
        run.event("the loss jumped", level="WARNING")
        logging.getLogger("trainer").warning("a line of \x1b[31mthe log")
        saved = run.dir / "model.pt"
        saved.write_text("weights")
        run.checkpoint(saved, metrics={"val/acc": 0.75}, aliases=["best"])
        if ending == "failed":
            _ = 1 / 0
        run.close(ending)


def _show(*arguments: str) -> list[str]:
    done = CliRunner().invoke(app, ["show", *arguments])
    assert done.exit_code == 0, done.output
    return [line.rstrip() for line in done.stdout.splitlines()]


def _section(lines: list[str], title: str) -> list[str]:
    """The lines below a title, up to the next one."""
    below = lines[lines.index(title) + 1 :]
    return below[: below.index("") if "" in below else None]


def test_the_whole_story_of_a_run_is_told(run_id: str) -> None:
    """From who it was to the traceback, which comes last."""
    lines = _show(run_id[-5:], "--lines", "2")
    assert lines[0] == f"digits/{run_id}"
    assert lines[1].startswith("failed at step 6 after ")
    facts = dict(
        line.split("  ", 1) for line in map(str.strip, lines[3 : lines.index("Config") - 1])
    )
    facts = {name: said.strip() for name, said in facts.items()}
    assert facts["name"] == "cnn, small"
    assert facts["files"].startswith(f"runs/digits/{run_id}, ")
    assert facts["open rerun"].endswith(f" view runs/digits/{run_id}")
    assert facts["code"] == f"unknown: {Path.cwd()} is in no git repository"
    assert "numpy" in facts["packages"]
    assert [one.split() for one in _section(lines, "Config")] == [
        ["model.width", "8"],
        ["api_key", "***"],
    ]
    first, second = _section(lines, "Attempts")
    assert first.split()[:2] == ["1", "interrupted"]
    assert second.endswith("ZeroDivisionError: division by zero")
    assert [one.split() for one in _section(lines, "Numbers")] == [
        ["last", "least", "greatest"],
        ["train/loss", "0.16667", "0.16667", "at", "6", "1", "at", "1"],
        ["odd", "nan"],
        ["1", "more", "with", "--json"],
    ]
    assert _section(lines, "Events")[0].split(maxsplit=2)[2] == "unfroze the backbone"
    assert _section(lines, "Log")[-1].endswith("error: ZeroDivisionError: division by zero")
    error = _section(lines, "Error")
    assert (error[0], error[-1]) == (
        "  Traceback (most recent call last):",
        "  ZeroDivisionError: division by zero",
    )
    assert lines[-1] == error[-1]


def test_a_traceback_is_told_once_also_where_the_log_goes_on_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text panel still has the newest numbers when the run closes."""
    monkeypatch.chdir(tmp_path)
    run = triptych.run("digits", wandb=False, console=False)
    for number in (1.0, 2.0):
        run.advance()
        run.log({"train/loss": number})
    run.ended_by(ZeroDivisionError("division by zero"))
    run.close()
    lines = _show()
    assert _section(lines, "Log")[-1].endswith("numbers: train/loss 2")
    assert lines.count("  ZeroDivisionError: division by zero") == 1
    assert lines[-1] == "  ZeroDivisionError: division by zero"


def test_nothing_in_a_run_can_steer_the_terminal(run_id: str) -> None:
    """Control characters are written out."""
    text = "\n".join(_show(run_id))
    assert "\x1b" not in text
    assert "a line of \\x1b[31mthe log" in text


def test_saved_models_are_told_with_their_scores(run_id: str) -> None:
    """Where they are, or that they are gone."""
    first, second = _section(_show(run_id), "Checkpoints")
    assert first.split() == [
        "step",
        "3",
        "model.pt",
        "·",
        "val/acc",
        "0.75",
        "·",
        "best",
        "·",
        "latest",
    ]
    assert second.split()[:3] == ["step", "6", "model.pt"]
    Path("runs/digits", run_id, "model.pt").unlink()
    assert _section(_show(run_id), "Checkpoints")[0].endswith("gone")


def test_a_model_that_was_deleted_is_told_where_its_copy_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the run folder, as it waits for W&B."""
    monkeypatch.chdir(tmp_path)
    model = tmp_path / "model.pt"
    with triptych.run("digits", wandb="offline", console=False) as run:
        run.advance()
        model.write_text("weights")
        run.checkpoint(model, name="my model", upload=True)
        model.unlink()
    (line,) = _section(_show(), "Checkpoints")
    place = line.split()[2]
    assert (run.dir / place).read_text() == "weights"


def test_machines_get_all_of_it(run_id: str) -> None:
    """What run.json has, and what the recording has."""
    story = json.loads(CliRunner().invoke(app, ["show", "--json"]).stdout)
    assert (story["id"], story["status"], story["step"]) == (run_id, "failed", 6)
    assert story["config"]["model"] == {"width": 8}
    assert [one["status"] for one in story["attempts"]] == ["interrupted", "failed"]
    assert story["numbers"]["train/loss"] == {
        "count": 6,
        "last": {"step": 6, "value": 1 / 6},
        "least": {"step": 6, "value": 1 / 6},
        "greatest": {"step": 1, "value": 1.0},
    }
    assert story["numbers"]["odd"]["last"]["value"] == "NaN"
    assert {"step": 3, "level": "INFO", "text": "unfroze the backbone"} in story["events"]
    assert {"step": 3, "level": "WARN", "text": "the loss jumped"} in story["events"]
    assert [one["step"] for one in story["incidents"]] == [3, 6]
    assert any("WARNING step 6 train | event: the loss jumped" in line for line in story["log"])
    assert story["errors"][0]["text"].endswith("ZeroDivisionError: division by zero\n")


def test_a_killed_run_is_told_with_what_its_journal_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And how to make it whole."""
    monkeypatch.chdir(tmp_path)
    with environment.start(_KILLED, environment.isolated(tmp_path), cwd=tmp_path) as child:
        child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL
    lines = _show()
    assert lines[1].startswith("killed at step 1 after ")
    assert ["train/loss", "0.5"] in [line.split() for line in lines]
    assert any(line.split()[:1] == ["repair"] for line in lines)
    assert _section(lines, "Log")[-1].endswith("event: the last that was heard of it")


@pytest.mark.parametrize("damaged", [False, True])
def test_without_its_recording_a_run_still_has_a_story(run_id: str, *, damaged: bool) -> None:
    """The newest numbers are in run.json; that a recording cannot be read is said."""
    for recording in Path("runs/digits", run_id).glob("*.rrd"):
        recording.unlink()
        if damaged:
            recording.write_bytes(b"no recording")
    lines = _show()
    assert ["train/loss", "0.16667"] in [line.split() for line in lines]
    assert any("is no Rerun recording" in line for line in lines) == damaged
    assert lines[-1] == "  ZeroDivisionError: division by zero"


def test_a_run_that_is_not_there_is_one_line_and_exit_code_1(run_id: str) -> None:
    """With the ids that come nearest."""
    done = CliRunner().invoke(app, ["show", "nope"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("error: no run 'nope' in ")
    assert run_id in done.stderr
