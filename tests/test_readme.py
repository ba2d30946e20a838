"""What the README says is so: its code runs, its links and commands exist."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support import environment, rrd
from triptych.cli.app import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")

USER = """
import lightning as L
import numpy as np
import torch
from transformers import Trainer, TrainingArguments

model, data, draw = torch.nn.Linear(2, 2), [(0, 0)], None
optimizer = torch.optim.SGD(model.parameters(), 0.1)
args = TrainingArguments("out", report_to="none", use_cpu=True)

loader = [(np.zeros((1, 8, 8), np.float32), [digit]) for digit in range(30)]

def train_step(images, labels):
    return 1 / (1 + labels[0])

def validate():
    return 0.5
"""


def test_the_code_runs(tmp_path: Path) -> None:
    """All Python blocks, one after the other; together they bring only a loader and a model."""
    blocks = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    env = environment.isolated(tmp_path) | {"TRIPTYCH_STRICT": "1"}
    with environment.start("\n".join([USER, *blocks]), env, cwd=tmp_path) as child:
        _, stderr = child.communicate(timeout=120)
    assert child.returncode == 0, stderr

    (first,) = (tmp_path / "runs" / "digits").glob("*-cnn-?????")
    (last,) = (tmp_path / "runs" / "digits").glob("*-cnn-test-?????")
    steps, losses = rrd.scalars(first / "recording-1.rrd", "/train/loss")
    assert steps.tolist() == list(range(1, 91))
    assert losses.tolist() == [1 / (1 + digit) for digit in range(30)] * 3
    assert rrd.scalars(first / "recording-1.rrd", "/val/loss")[0].tolist() == [30, 60, 90]
    resumed = rrd.text_log(first / "recording-2.rrd")
    assert [(step, text) for step, _, _, text in resumed] == [(90, "resumed")]
    assert rrd.scalars(last / "recording-1.rrd", "/test/loss")[1].tolist() == [0.25]


def test_the_links_lead_somewhere() -> None:
    """Every file that a link or a picture names is in the checkout."""
    targets = re.findall(r"\]\((?!https://)([^)#]+)\)", README)

    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_each_promise_has_the_test_it_names() -> None:
    """Four promises, four tests of that name in the file linked."""
    promised = re.findall(r"\[`(test_\w+)`\]\((tests/[\w/]+\.py)\)", README)

    assert len(promised) == 4
    missing = [name for name, file in promised if f"def {name}(" not in (ROOT / file).read_text()]
    assert missing == []


def test_the_make_targets_exist() -> None:
    """Each `make` command of the README is a target."""
    makefile = (ROOT / "Makefile").read_text()

    targets = set(re.findall(r"\bmake (\w+)", README))

    assert {"demo", "test", "bench"} <= targets
    assert [name for name in sorted(targets) if f"\n{name}:" not in makefile] == []


def test_the_commands_exist() -> None:
    """Each `triptych` command of the README is one of the command line."""
    known = {str(info.name or info.callback.__name__) for info in app.registered_commands}  # type: ignore[union-attr]

    assert {"screenshot", "export", "import", "repair"} <= known
    assert set(re.findall(r"^triptych (\w+)", README, re.MULTILINE)) <= known
