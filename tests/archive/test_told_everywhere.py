"""Where a run came from and how it ended stands in run.json, in the recording and in W&B."""

from __future__ import annotations

import json
import subprocess
import sys
from textwrap import dedent
from typing import Any

import pytest

from tests.support import environment, rrd, run_folder
from tests.support.run_folder import Panels

_PROGRAM = """
import triptych

triptych.seed_everything(7)
with triptych.run("digits", config={"lr": 0.1}, root="runs", wandb="offline", console=False) as run:
    run.uses("digits", version="1.2", path="data.csv", digest=True)
    for _ in run.steps(range(2)):
        run.log({"loss": 1 / run.step})
    triptych.seed_everything(8)
    raise ValueError("out of luck")
"""


@pytest.fixture(scope="module")
def panels(tmp_path_factory: pytest.TempPathFactory) -> Panels:
    """A script that was changed since its commit, and that fails."""
    home = tmp_path_factory.mktemp("home")
    git = ["git", "-c", "user.name=me", "-c", "user.email=me@example.org"]
    (home / "train.py").write_text("# to be written\n")
    (home / "data.csv").write_text("1,2")
    for arguments in (
        ["init", "-q", "--initial-branch", "trial"],
        ["add", "train.py"],
        ["commit", "-q", "-m", "first"],
        ["remote", "add", "origin", "https://example.org/a/b.git"],
    ):
        subprocess.run([*git, *arguments], cwd=home, check=True)
    (home / "train.py").write_text(dedent(_PROGRAM))
    env = environment.isolated(home) | {"SLURM_JOB_ID": "4711"}
    command = [sys.executable, "train.py", "--lr", "0.1"]
    done = subprocess.run(command, env=env, cwd=home, capture_output=True, check=False, timeout=60)
    assert done.returncode == 1, done.stderr
    return run_folder.find(home / "runs")


def _in_run_json(panels: Panels) -> dict[str, Any]:
    (attempt,) = panels.story["attempts"]
    told: dict[str, Any] = attempt.pop("provenance")
    return {**told, "ending": attempt}


def _in_recording(panels: Panels) -> dict[str, Any]:
    """The flat properties as the nested dict that they were."""
    properties = rrd.properties(panels.recording)
    nested: dict[str, Any] = {"ending": {k: v for k, (v,) in properties["ending"].items()}}
    for name, (value,) in properties["provenance"].items():
        *above, last = name.split(".")
        here = nested
        for part in above:
            here = here.setdefault(part, {})
        here[last] = json.loads(value) if name in {"command", "git.untracked"} else value
    return nested


def _in_wandb(panels: Panels) -> dict[str, Any]:
    told: dict[str, Any] = panels.wandb.config["triptych"]
    return told


@pytest.mark.parametrize("told", [_in_run_json, _in_recording, _in_wandb])
def test_it_is_told(panels: Panels, told: Any) -> None:
    """Sources, machine, seeds, what went in, how it ended: nothing is in one place only."""
    found = told(panels)
    assert found["command"][-3:] == ["train.py", "--lr", "0.1"]
    assert found["git"]["branch"] == "trial"
    assert len(found["git"]["commit"]) == 40
    assert found["git"]["remote"] == "https://example.org/a/b.git"
    assert found["git"]["untracked"] == ["data.csv"]
    assert found["git"]["patch"] == "code-1/changes.patch"
    assert (panels.folder / found["git"]["patch"]).read_text().startswith("diff --git a/train.py")
    assert found["scheduler"] == {"SLURM_JOB_ID": "4711"}
    assert found["packages"]["rerun-sdk"]
    assert {"python", "host", "folder", "user"} <= found.keys()
    assert found["cpu"]["threads"] >= 1
    assert found["seeds"]["random"] == 7
    assert found["seeds_at_end"]["random"] == 8
    assert found["uses"]["digits"]["version"] == "1.2"
    assert found["uses"]["digits"]["digest"].startswith("sha256:")
    ending = found["ending"]
    assert (ending["status"], ending["exit_code"]) == ("failed", 1)
    assert ending["error"] == "ValueError: out of luck"
    assert 0 < ending["duration"] < 60
    assert ending["ended"] >= found["started"][:19]


def test_run_json_says_how_long_the_run_took(panels: Panels) -> None:
    """All its attempts together."""
    (attempt,) = panels.story["attempts"]
    assert panels.story["duration"] == attempt["duration"]
    assert panels.story["exit_code"] == 1
