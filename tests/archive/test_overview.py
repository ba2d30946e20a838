"""`overview`: a run on one line, however it ended."""

from __future__ import annotations

import json
import platform
from pathlib import Path

import pytest

import triptych
from tests.support import environment
from triptych.archive.find import all_runs
from triptych.archive.folder import RunFolder
from triptych.archive.overview import overview
from triptych.sinks.rerun import RerunSink

_KILLED = """
import os, signal, triptych
from triptych.sinks.rerun import RerunSink
with triptych.run("digits", "cnn", root="runs", sinks=[RerunSink()], console=False) as run:
    for _ in run.steps(range(40)):
        run.log({"train/loss": 1 / run.step, "lr": 0.1})
    run.event("halfway")
    run.event("the loss jumped", level="WARNING")
    print(run.dir, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_run_that_has_closed_is_told_by_run_json_alone(tmp_path: Path) -> None:
    """Its recording may be gone."""
    with pytest.raises(ZeroDivisionError):
        _fail(tmp_path)
    (folder,) = all_runs(tmp_path)
    folder.recording(1).unlink()
    seen = overview(folder)
    assert (seen.id, seen.project, seen.name) == (folder.id, "digits", "cnn")
    assert (seen.status, seen.step, seen.attempts) == ("failed", 3, 1)
    assert seen.incidents == 1
    assert seen.error == "ZeroDivisionError: division by zero"
    assert list(seen.metrics.items())[:2] == [("train/loss", 1 / 3), ("val/acc", "NaN")]
    assert seen.started is not None
    assert seen.ended is not None
    assert seen.seconds is not None
    assert 0 <= seen.seconds < 60
    assert seen.bytes == sum(f.stat().st_size for f in folder.path.rglob("*") if f.is_file())


def _fail(root: Path) -> None:
    with triptych.run("digits", "cnn", root=root, sinks=[RerunSink()], console=False) as run:
        for _ in run.steps(range(3)):
            run.log({"system/cpu": 50.0, "val/acc": float("nan"), "train/loss": 1 / run.step})
        run.event("halfway")
        run.event("the loss jumped", level="WARNING")
        _ = 1 / 0


def test_a_run_that_goes_on_is_read_as_far_as_it_has_come(tmp_path: Path) -> None:
    """The journal has what the recording has not."""
    with triptych.run("digits", root=tmp_path, sinks=[RerunSink()], console=False) as run:
        for _ in run.steps(range(5)):
            run.log({"train/loss": 1 / run.step})
        seen = overview(RunFolder(run.dir))
    assert (seen.status, seen.step, seen.ended) == ("running", 5, None)
    assert seen.metrics == {"train/loss": 0.2}


def test_a_process_that_is_gone_was_killed(tmp_path: Path) -> None:
    """It could not say so, and its last numbers are in the journal."""
    with environment.start(_KILLED, environment.isolated(tmp_path), cwd=tmp_path) as child:
        out, _ = child.communicate(timeout=60)
    folder = RunFolder(tmp_path / out.strip())
    assert folder.read_json()["status"] == "running"
    seen = overview(folder)
    assert (seen.status, seen.step, seen.ended) == ("killed", 40, None)
    assert seen.metrics == {"train/loss": 1 / 40, "lr": 0.1}
    assert seen.incidents == 1
    assert seen.seconds is not None
    assert seen.seconds < 60


@pytest.mark.parametrize("text", ["", "[]", "{'id': 3}"])
def test_a_run_json_that_cannot_be_read_is_damaged(tmp_path: Path, text: str) -> None:
    """A list of runs must not end there."""
    folder = RunFolder.create(tmp_path, "digits", "cnn")
    folder.run_json.write_text(text)
    seen = overview(folder)
    assert (seen.id, seen.status, seen.bytes) == (folder.id, "damaged", len(text))


def test_any_object_in_run_json_will_do(tmp_path: Path) -> None:
    """Whoever wrote it."""
    folder = RunFolder.create(tmp_path, "digits", "cnn")
    told = {"status": 3, "step": "x", "metrics": [], "attempts": [{"started": "soon"}, 4]}
    folder.run_json.write_text(json.dumps(told))
    seen = overview(folder)
    assert (seen.status, seen.step, seen.seconds, seen.metrics) == ("3", None, None, {})


def test_a_run_without_a_journal_is_believed_while_its_process_may_live(tmp_path: Path) -> None:
    """On another machine nobody can tell; on this one the process is gone."""
    folder = RunFolder.create(tmp_path, "digits", "cnn")
    for host, status in (("elsewhere", "running"), (platform.node(), "killed")):
        where = {"host": host, "pid": 2**22 + 1}  # beyond what Linux gives
        told = {"status": "running", "attempts": [{"provenance": where}]}
        folder.run_json.write_text(json.dumps(told))
        assert overview(folder).status == status
