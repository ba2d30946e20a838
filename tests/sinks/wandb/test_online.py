"""An online run reaches a server in W&B's place, and does without one that does not answer."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support import environment, pictures, run_folder, wandb_files
from tests.support.run_folder import Panels
from tests.support.wandb_server import WandbServer

FAILING = """
    import logging
    import time
    import triptych
    from tests.support import pictures

    with triptych.run(
        "digits", "cnn", root="runs", config={"lr": 0.1}, tags=["a"], notes="a note", console=False
    ) as run:
        for _ in run.steps(range(5)):
            run.log({"train/loss": 1 / run.step})
            logging.getLogger("model").info("updated")
            time.sleep(0.12)
        run.log({"val/pred": triptych.Image(pictures.RGB, caption="seven")})
        run.log({"val/worst": triptych.Table(["picture"], [[triptych.Image(pictures.RGB)]])})
        raise RuntimeError("out of luck")
"""

SHORT = """
    import triptych

    with triptych.run("digits", root="runs", console=False) as run:
        for _ in run.steps(range(3)):
            run.log({"train/loss": 1 / run.step})
"""

HURRIED = """
    import time
    import triptych

    run = triptych.run("digits", root="runs", console=False)
    for _ in run.steps(range(3)):
        run.log({"train/loss": 1 / run.step})
        time.sleep(0.12)
    print(run.close(timeout=3))
"""


@pytest.fixture
def server() -> Iterator[WandbServer]:
    """A server of its own for each test."""
    with WandbServer() as server:
        yield server


def _environment(server: WandbServer, home: Path) -> dict[str, str]:
    return environment.isolated(home) | server.env()


def test_a_whole_run_arrives(server: WandbServer, tmp_path: Path) -> None:
    """Identity, numbers, words, pictures, the traceback and the exit code."""
    env = _environment(server, tmp_path)
    with environment.start(FAILING, env, cwd=tmp_path) as child:
        child.communicate(timeout=60)
    panels = run_folder.find(tmp_path / "runs")
    run = server.runs[panels.folder.name]

    assert child.returncode == 1
    assert (run.project, run.last("displayName"), run.last("notes")) == ("digits", "cnn", "a note")
    assert (run.last("tags"), run.config["lr"]) == (["a"], 0.1)
    losses = [row for row in run.history if "train/loss" in row]
    assert [(row["trainer/global_step"], row["train/loss"]) for row in losses] == [
        (step, 1 / step) for step in range(1, 6)
    ]
    (picture,) = (row["val/pred"] for row in run.history if "val/pred" in row)
    assert picture["caption"] == "seven"
    shown = Image.open(BytesIO(run.files[picture["path"]]))
    np.testing.assert_array_equal(np.asarray(shown), pictures.RGB)
    (artifact,) = server.artifacts
    (name,) = (name for name in artifact["files"] if name.endswith(".png"))
    shown = Image.open(BytesIO(artifact["files"][name]))
    np.testing.assert_array_equal(np.asarray(shown), pictures.RGB)

    said = [line.split(" ", 1)[1] for line in run.console]  # W&B puts a time before each
    assert said[:5] == [f"step {step} train INFO model: updated" for step in range(1, 6)]
    assert said[5] == "step 5 train CRITICAL Traceback (most recent call last):"
    assert said[-1] == "RuntimeError: out of luck"
    assert (run.exit_code, run.summary["status"]) == (1, "failed")
    assert panels.story["opens_with"]["wandb"].startswith(server.url)


@pytest.mark.parametrize("fault", [{"status": 401}, {"stall": 600}], ids=["refuses", "stalls"])
def test_a_run_stays_offline_where_nobody_answers(
    fault: dict[str, int], server: WandbServer, tmp_path: Path
) -> None:
    """Training begins soon, the numbers are on the disk, and the log says so."""
    server.answer("UpsertBucket", **fault)
    began = time.monotonic()
    environment.run(SHORT, _environment(server, tmp_path), cwd=tmp_path)
    seconds = time.monotonic() - began

    assert seconds < 25  # 10 s are W&B's patience, the rest is a busy machine's
    assert server.runs == {}
    panels = run_folder.find(tmp_path / "runs")
    _check_offline(panels, "W&B did not answer, so this run stays offline")


def test_a_key_that_is_none_keeps_a_run_offline(tmp_path: Path) -> None:
    """W&B refuses it before it asks a server; that is no reason to lose the run."""
    env = environment.isolated(tmp_path) | {"WANDB_API_KEY": "short"}
    environment.run(SHORT, env, cwd=tmp_path)

    _check_offline(run_folder.find(tmp_path / "runs"), "W&B does not take the API key")


def _check_offline(panels: Panels, said: str) -> None:
    (folder,) = (panels.folder / "wandb").glob("offline-run-*")
    offline = wandb_files.wait(folder)

    assert said in panels.log
    assert panels.story["opens_with"]["wandb"].endswith(f"wandb sync {folder}")
    assert offline.exit_code == 0
    assert offline.curve("train/loss")[-1][0] == 3
    assert panels.story["totals"]["sinks"]["wandb"]["shed"] == {}


def test_a_server_that_stalls_holds_up_no_exit(server: WandbServer, tmp_path: Path) -> None:
    """`close` keeps its deadline and tells the truth; what W&B has is on the disk."""
    server.answer("filestream", stall=600)
    began = time.monotonic()
    said = environment.run(HURRIED, _environment(server, tmp_path), cwd=tmp_path)
    seconds = time.monotonic() - began

    panels = run_folder.find(tmp_path / "runs")
    assert said == "False\n"
    assert seconds < 20
    on_disk = wandb_files.read(panels.wandb_folder)
    assert [step for step, _ in on_disk.curve("train/loss")] == [1, 2, 3]
    hint = panels.story["opens_with"]["wandb"]
    assert hint.endswith(f"wandb sync --no-skip-online {panels.wandb_folder}")
    assert json.loads((panels.folder / "run.json").read_text())["status"] == "finished"
