"""The examples run as a user runs them, and what they leave is read back."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support import environment, rrd, wandb_files

VANILLA = Path(__file__).parents[1] / "examples" / "vanilla" / "train_digits.py"
EPOCHS = 6
UPDATES = 23  # of an epoch: 45 batches in pairs, and the last one alone


@pytest.fixture(scope="module")
def vanilla(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The run folder that a short training leaves, and what it printed on standard error."""
    home = tmp_path_factory.mktemp("vanilla")
    command = [sys.executable, str(VANILLA), "--epochs", str(EPOCHS), "--root", "runs"]
    env = environment.isolated(home) | {"TRIPTYCH_STRICT": "1", "COLUMNS": "200"}
    done = subprocess.run(
        command, cwd=home, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    (run_dir,) = (home / "runs" / "digits").iterdir()
    return run_dir, done.stderr


def test_the_steps_count_updates(vanilla: tuple[Path, str]) -> None:
    """Two batches make one update, and so does the lonely last batch of an epoch."""
    recording = vanilla[0] / "recording-1.rrd"

    steps, losses = rrd.scalars(recording, "/train/loss")

    assert steps.tolist() == list(range(1, EPOCHS * UPDATES + 1))
    assert losses[-UPDATES:].mean() < losses[:UPDATES].mean() / 4


def test_the_three_places_agree(vanilla: tuple[Path, str]) -> None:
    """Validation accuracy has the same steps and values in the recording, W&B and the log."""
    run_dir, _ = vanilla
    offline = wandb_files.wait(wandb_files.folders(run_dir / "wandb")[0])
    lines = re.findall(
        r"step (\d+) train \| digits: epoch \d+: reads (\S+) % of unseen digits",
        (run_dir / "train.log").read_text(),
    )

    steps, values = rrd.scalars(run_dir / "recording-1.rrd", "/val/acc")

    recorded = list(zip(steps.tolist(), values.tolist(), strict=True))
    assert [step for step, _ in recorded] == [UPDATES * (epoch + 1) for epoch in range(EPOCHS)]
    assert offline.curve("val/acc") == recorded
    assert [(int(step), share) for step, share in lines] == [
        (step, f"{100 * value:.1f}") for step, value in recorded
    ]
    assert recorded[-1][1] > 0.95


def test_the_worst_digits_are_the_same_picture_in_both(vanilla: tuple[Path, str]) -> None:
    """Twelve digits at each validation, the same in the recording and in W&B's media folder."""
    run_dir, _ = vanilla
    offline = wandb_files.wait(wandb_files.folders(run_dir / "wandb")[0])
    shown = rrd.images(run_dir / "recording-1.rrd", "/val/worst")
    media = [fields["path"] for fields in offline.media("val/worst")]

    assert [step for step, _ in shown] == [UPDATES * (epoch + 1) for epoch in range(EPOCHS)]
    for (_, picture), name in zip(shown, media, strict=True):
        assert picture.size == (60, 24)
        saved = Image.open(BytesIO((offline.folder / "files" / name).read_bytes()))
        assert np.array_equal(saved.convert("L"), picture.convert("L"))


def test_the_closing_table_is_the_end(vanilla: tuple[Path, str]) -> None:
    """It says what opens each place, what arrived, and what logging cost."""
    run_dir, stderr = vanilla
    table = stderr.partition("digits · cnn\n")[2]
    told = json.loads((run_dir / "run.json").read_text())

    assert f"finished at step {EPOCHS * UPDATES}" in table
    for name in ("rerun", "text", "wandb"):
        assert re.search(rf"^open {name} .*{run_dir.name}", table, re.MULTILINE)
        assert re.search(rf"^{name} .* delivered, none shed", table, re.MULTILINE)
    assert f"{told['metrics']['val/acc']:.6g}" in table
    assert float(re.search(r"logging took +(\S+)%", table)[1]) < 20  # of two seconds, workers too
