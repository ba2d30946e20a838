"""W&B's offline files of attempts that overlap, written by W&B itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import environment, wandb_files
from tests.support.wandb_files import WandbRun
from triptych.archive.superseded import leave_out_superseded

_WRITE = """
import numpy as np, wandb

for first, last in ((1, 8), (5, 10), (9, 12)):
    run = wandb.init(project="p", id="one", mode="offline", reinit="create_new", resume="allow",
                     dir="files")
    for step in range(first, last + 1):
        row = {"train/loss": first + step / 100, "trainer/global_step": step, "epoch": 0}
        if first == 1 or (first, step) == (5, 10):
            row["rare"] = float(first)
        run.log(row)
        if step % 4 == 0:
            run.log({"events": f"made {step}", "trainer/global_step": step})
            picture = wandb.Image(np.full((4, 4, 3), first, np.uint8))
            run.log({"seen": picture, "trainer/global_step": step})
    run.log({"no/step": 1.0})
    run.finish()
    (folder,) = [one for one in __import__("pathlib").Path("files/wandb").glob("offline-run-*")]
    folder.rename(f"files/{first}")
"""


@pytest.fixture
def logs(tmp_path: Path) -> list[Path]:
    """Steps 1 to 8; again from 5 to 10; again from 9 to 12."""
    (tmp_path / "files" / "wandb").mkdir(parents=True)
    environment.run(_WRITE, environment.isolated(tmp_path), cwd=tmp_path)
    return [next((tmp_path / "files" / first).glob("*.wandb")) for first in ("1", "5", "9")]


def _joined(logs: list[Path], key: str) -> list[tuple[int, float]]:
    return [row for log in logs for row in wandb_files.read(log.parent).curve(key)]


def _seen(logs: list[Path]) -> list[int]:
    files: list[WandbRun] = [wandb_files.read(log.parent) for log in logs]
    rows = [row for found in files for row in found.history if "seen._type" in row]
    return [row["trainer/global_step"] for row in rows]


def test_each_step_stands_once_and_is_that_of_the_later_attempt(logs: list[Path]) -> None:
    """Numbers and pictures; each key for itself, as an attempt may not have come to it."""
    before = [wandb_files.read(log.parent) for log in logs]
    assert leave_out_superseded(logs, only=logs) > 0

    assert _joined(logs, "train/loss") == [
        (step, (1 if step <= 4 else 5 if step <= 8 else 9) + step / 100) for step in range(1, 13)
    ]
    assert _joined(logs, "rare") == [*((step, 1.0) for step in range(1, 9)), (10, 5.0)]
    assert _seen(logs) == [4, 8, 12]
    after = [wandb_files.read(log.parent) for log in logs]
    assert _joined(logs, "events") == [row for one in before for row in one.curve("events")]
    assert [one.curve("no/step") for one in after] == [one.curve("no/step") for one in before]
    for was, now in zip(before, after, strict=True):
        rest = [kind for kind in was.records if kind != "history"]
        assert [kind for kind in now.records if kind != "history"] == rest
        assert (now.summary, now.exit_code) == (was.summary, 0)
    assert leave_out_superseded(logs, only=logs) == 0


def test_what_was_sent_is_not_touched(logs: list[Path]) -> None:
    """W&B has it, and remembers how far."""
    whole = [log.read_bytes() for log in logs]
    leave_out_superseded(logs, only=logs[1:])
    assert [log.read_bytes() == was for log, was in zip(logs, whole, strict=True)] == [
        True,
        False,
        True,
    ]
