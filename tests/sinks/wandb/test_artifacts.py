"""Artifacts in W&B: complete offline wherever the run folder goes, and no second copy online."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest

from tests.support import environment, run_folder, wandb_files
from tests.support.run_folder import Panels
from tests.support.wandb_server import WandbServer
from triptych.archive.moved import find_again

_PROGRAM = """
    import os
    from pathlib import Path
    import numpy as np
    import triptych

    model, picture = Path("model.pt"), triptych.Image(np.zeros((9, 9, 3), np.uint8))
    with triptych.run(
        "digits", "cnn", root="runs", console=False, upload_recording="end"
    ) as run:
        for _ in run.steps(range(2)):
            run.log({"loss": 1 / run.step})
            model.write_bytes(b"weights %d" % run.step)
            run.checkpoint(model, metrics={"loss": 1 / run.step}, aliases=["best"], upload=True)
            run.flush()
        run.log({"worst": triptych.Table(["picture"], [[picture]])})
        answers = Path("answers")
        answers.mkdir()
        (answers / "a.csv").write_text("1,2")
        run.artifact(answers, "my answers", "predictions")
    model.unlink()
"""


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Panels:
    """A run without a network, whose folder was moved and whose checkpoints are deleted."""
    home = tmp_path_factory.mktemp("home")
    environment.run(_PROGRAM, environment.isolated(home), cwd=home)
    (home / "runs").rename(home / "moved")
    shutil.rmtree(home / "answers")
    return run_folder.find(home / "moved")


@pytest.fixture
def server() -> Iterator[WandbServer]:
    """A server in W&B's place."""
    with WandbServer() as server:
        yield server


def _by_type(artifacts: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for one in artifacts:
        found.setdefault(one["type"], []).append(one)
    return found


def test_artifacts_lead_back_to_the_recording(offline: Panels) -> None:
    """Each version under its names, with its score, its step and the digest of run.json."""
    artifacts = _by_type(offline.wandb.artifacts)
    assert set(artifacts) == {"model", "predictions", "recording", "run_table"}
    first, second = artifacts["model"]
    assert first["name"] == second["name"] == f"model-{offline.folder.name}"
    assert sorted(second["aliases"]) == ["best", "latest", "step-2"]
    told = json.loads(second["metadata"])
    assert (told["loss"], told["step"], told["attempt"]) == (0.5, 2, 1)
    assert told["run_id"] == offline.folder.name
    assert Path(told["recording"]).name == offline.recording.name
    assert told["sha256"] == offline.story["checkpoints"][1]["sha256"]
    (answers,) = artifacts["predictions"]
    assert (answers["name"], set(answers["aliases"])) == ("my-answers", {"step-2", "latest"})
    (recording,) = artifacts["recording"]
    assert recording["name"] == f"recording-{offline.folder.name}"


def test_all_files_are_in_the_run_folder_and_found_again(offline: Panels) -> None:
    """Those of tables too, which W&B keeps elsewhere; each is what its digest says."""
    (log,) = offline.wandb_folder.glob("*.wandb")
    before = wandb_files.read(offline.wandb_folder)
    assert find_again(log, offline.folder) == 6  # with the picture in the table
    assert find_again(log, offline.folder) == 0
    after = wandb_files.read(offline.wandb_folder)

    assert (after.history, after.console, after.summary, after.records) == (
        before.history,
        before.console,
        before.summary,
        before.records,
    )
    entries = [entry for one in after.artifacts for entry in one["manifest"]["contents"]]
    for entry in entries:
        file = Path(entry["local_path"])
        assert file.is_relative_to(offline.folder)
        content = file.read_bytes()
        assert entry["digest"] == b64encode(md5(content, usedforsecurity=False).digest()).decode()
    assert {entry["path"] for entry in entries} >= {"model.pt", "a.csv", "recording-1.rrd"}


def test_a_later_sync_sends_all_of_it(offline: Panels, server: WandbServer, tmp_path: Path) -> None:
    """From the place that the run was moved to."""
    folder = tmp_path / "again" / offline.folder.name
    shutil.copytree(offline.folder, folder, symlinks=True)
    (log,) = folder.glob("wandb/offline-run-*/*.wandb")
    find_again(log, folder)
    subprocess.run(
        [sys.executable, "-m", "wandb", "sync", str(log.parent)],
        env=environment.isolated(tmp_path) | server.env(),
        cwd=tmp_path,
        capture_output=True,
        check=True,
        timeout=60,
    )
    sent = [one for one in server.artifacts if one["committed"]]
    files = {name: content for one in sent for name, content in one["files"].items()}
    assert len(sent) == 5
    assert files["recording-1.rrd"] == (folder / "recording-1.rrd").read_bytes()
    assert files["a.csv"] == b"1,2"
    models = [one["files"]["model.pt"] for one in sent if "model.pt" in one["files"]]
    assert sorted(models) == [b"weights 1", b"weights 2"]


def test_online_the_copies_go_when_w_and_b_has_the_files(
    server: WandbServer, tmp_path: Path
) -> None:
    """A disk would fill up with models; the recording stays."""
    environment.run(_PROGRAM, environment.isolated(tmp_path) | server.env(), cwd=tmp_path)
    panels = run_folder.find(tmp_path / "runs")

    sent = [one for one in server.artifacts if one["committed"]]
    models = [one["files"]["model.pt"] for one in sent if "model.pt" in one["files"]]
    assert sorted(models) == [b"weights 1", b"weights 2"]
    (recording,) = (one["files"] for one in sent if "recording-1.rrd" in one["files"])
    assert recording["recording-1.rrd"] == panels.recording.read_bytes()
    assert [path for path in panels.folder.glob("artifacts/**/*") if path.is_file()] == []
    assert panels.story["status"] == "finished"
    assert "may not have" not in panels.log


def test_files_that_cannot_be_sent_stay_and_hold_up_no_exit(
    server: WandbServer, tmp_path: Path
) -> None:
    """They wait for a later sync."""
    server.answer("storage", status=500)
    program = _PROGRAM.replace("model.unlink()", "") + "    print(run.close())"
    program = program.replace("        run.artifact(", "        run.close(timeout=5)\n        (")
    printed = environment.run(program, environment.isolated(tmp_path) | server.env(), cwd=tmp_path)
    panels = run_folder.find(tmp_path / "runs")

    assert printed == "False\n"
    kept = panels.folder.glob("artifacts/*/*/model.pt")
    assert sorted(path.read_bytes() for path in kept) == [b"weights 1", b"weights 2"]
    assert panels.story["opens_with"]["wandb"].endswith(f"triptych sync {panels.folder}")
