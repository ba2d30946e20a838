"""An online run reaches a server in W&B's place; `tests/faults` has servers that fail."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support import environment, pictures, run_folder
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
            time.sleep(0.22)
        run.log({"val/pred": triptych.Image(pictures.RGB, caption="seven")})
        run.log({"val/worst": triptych.Table(["picture"], [[triptych.Image(pictures.RGB)]])})
        raise RuntimeError("out of luck")
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
