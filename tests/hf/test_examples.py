"""The examples run as they stand, and leave what their README promises."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import environment, rrd

EXAMPLES = Path(__file__).parents[2] / "examples" / "hf"


@pytest.mark.parametrize(
    ("name", "entities"),
    [
        ("text", {"/train/texts", "/eval/sample-1/texts", "/eval/accuracy"}),
        ("pictures", {"/train/samples/7", "/eval/sample-3/samples/0", "/eval/accuracy"}),
        ("accelerate_loop", {"/train/loss", "/val/acc", "/val/worst"}),
    ],
)
def test_example(tmp_path: Path, name: str, entities: set[str]) -> None:
    """One epoch, in a process and a folder of its own."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / f"{name}.py"), "--root", str(tmp_path), "--epochs", "1"],
        env=environment.isolated(tmp_path) | {"WANDB_MODE": "offline"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "finished at step" in done.stderr
    (recording,) = tmp_path.glob("*/*/recording-1.rrd")
    assert entities <= rrd.entities(recording)
