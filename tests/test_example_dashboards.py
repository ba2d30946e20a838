"""The dashboards of the examples open in the viewer without a problem, and show something."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support import environment, viewer

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.mark.parametrize(
    ("example", "views"),
    [
        ("vanilla/train_digits.py", {"Loss", "acc", "Learning rate", "val/worst", "val/mistakes"}),
        ("lightning/train_digits.py", {"Loss", "acc", "Learning rate", "val/samples/7"}),
        ("hf/pictures.py", {"Loss", "accuracy", "Learning rate", "eval/sample-3/samples/0"}),
    ],
)
def test_dashboard(tmp_path: Path, example: str, views: set[str]) -> None:
    """Two epochs; every view that can be seen at once is looked at."""
    command = [sys.executable, str(EXAMPLES / example), "--root", str(tmp_path), "--epochs", "2"]
    done = subprocess.run(
        command,
        env=environment.isolated(tmp_path) | {"WANDB_MODE": "disabled", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (recording,) = tmp_path.glob("*/*/recording-1.rrd")

    with viewer.viewer((1200, 800)) as opened:
        opened.open(recording)
        opened.go_to()
        window = opened.look()
        alone = {name: opened.look(name) for name in sorted(views)}

    common = {"Config", "Phases", "Summary", "log10 of loss"}
    assert views | common <= {view.name for view in window.views}
    assert window.problems == []
    for name, sight in alone.items():
        assert sight.problems == [], name
        with Image.open(BytesIO(sight.png)) as shot:
            assert np.asarray(shot.convert("L")).max() > 100, f"{name} is empty"
