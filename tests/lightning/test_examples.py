"""The Lightning examples run as a user runs them, and what they leave is read back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.support import environment, rrd, wandb_files

EXAMPLES = Path(__file__).parents[2] / "examples" / "lightning"
BATCHES = 45  # of an epoch: 1438 digits, 32 at a time
UPDATES = 23  # of two batches each, and the last one alone


def _run(home: Path, *command: str) -> Path:
    """Run one to its end, strict; give its run folder."""
    env = environment.isolated(home) | {"TRIPTYCH_STRICT": "1"}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=home,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (folder,) = (home / "runs" / "digits").iterdir()
    return folder


def test_the_training_is_in_all_three_places_at_the_same_steps(tmp_path: Path) -> None:
    """Steps count from 1 without a gap; the best model is an artifact; pictures are drawn."""
    folder = _run(tmp_path, str(EXAMPLES / "train_digits.py"), "--epochs", "2")

    recording = folder / "recording-1.rrd"
    assert rrd.scalars(recording, "/train/loss")[0].tolist() == list(range(1, 2 * UPDATES + 1))
    assert rrd.scalars(recording, "/val/acc")[0].tolist() == [UPDATES, 2 * UPDATES]
    assert any(path.startswith("/val/") for path in rrd.entities(recording) if "sample" in path)
    seen = wandb_files.wait(wandb_files.folders(folder / "wandb")[0])
    assert [step for step, _ in seen.curve("val/acc")] == [UPDATES, 2 * UPDATES]
    assert seen.exit_code == 0
    assert f"step {2 * UPDATES} val" in (folder / "train.log").read_text()
    assert json.loads((folder / "run.json").read_text())["status"] == "finished"


def test_the_configuration_trains_from_the_command_line(tmp_path: Path) -> None:
    """config.yaml builds logger and callbacks; Lightning writes it into the run folder."""
    config = str(EXAMPLES / "config.yaml")
    command = ("fit", "--config", config, "--trainer.max_epochs", "1")
    folder = _run(tmp_path, str(EXAMPLES / "cli.py"), *command)

    assert (folder / "config.yaml").is_file()
    steps = rrd.scalars(folder / "recording-1.rrd", "/train/loss")[0]
    assert steps.tolist() == list(range(1, BATCHES + 1))
