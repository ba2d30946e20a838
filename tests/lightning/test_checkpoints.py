"""Saved models are events at their steps, and artifacts where that is wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from lightning.pytorch.callbacks import ModelCheckpoint

from tests.lightning.small import QUIET, Small, loader, make_logger, make_trainer, recording
from tests.support import rrd, run_folder, wandb_files
from triptych.lightning import RerunLogger

pytestmark = QUIET


def _train(folder: Path, logger: RerunLogger, **how: Any) -> None:
    """Three epochs of four updates, a model saved after each as far as it is among the best."""
    save = ModelCheckpoint(monitor="val/loss", filename="{step}", **how)
    trainer = make_trainer(
        folder, logger, callbacks=[save], enable_checkpointing=True, max_epochs=3
    )
    with logger:
        trainer.fit(Small(), loader(), loader())


def test_each_save_is_an_event_with_its_score(tmp_path: Path) -> None:
    """At the step of the update after which it was saved, and in run.json."""
    logger = make_logger(tmp_path)
    _train(tmp_path, logger)

    losses = rrd.scalars(recording(logger), "/val/loss")[1].tolist()
    assert losses == sorted(losses, reverse=True)  # each is the best so far
    told = [row for row in rrd.text_log(recording(logger)) if row[3].startswith("checkpoint")]
    assert [(step, text) for step, _, _, text in told] == [
        (step, f"checkpoint step={step}.ckpt (val/loss {loss:.6g})")
        for step, loss in zip((4, 8, 12), losses, strict=True)
    ]
    kept = run_folder.Panels(Path(logger.save_dir)).story["checkpoints"]
    assert [(one["step"], one["metrics"]) for one in kept] == [
        (step, {"val/loss": loss}) for step, loss in zip((4, 8, 12), losses, strict=True)
    ]


@pytest.mark.parametrize(
    ("log_model", "how", "expected"),
    [
        (False, {}, []),
        (True, {}, [["latest", "best", "step-12"]]),
        (True, {"save_top_k": 2}, [["latest", "step-8"], ["latest", "best", "step-12"]]),
        (
            "all",
            {"save_last": True},
            [["latest", "best", f"step-{step}"] for step in (4, 8, 12)],
        ),
        (True, {"save_top_k": -1}, [["latest", "best", f"step-{step}"] for step in (4, 8, 12)]),
    ],
    ids=["none", "those left", "the two left", "all, last.ckpt once", "all are kept"],
)
def test_models_become_artifacts_also_offline(
    tmp_path: Path, log_model: Literal["all"] | bool, how: dict[str, Any], expected: list[list[str]]
) -> None:
    """They wait in W&B's files for the later sync, under the names of their versions."""
    logger = make_logger(tmp_path, wandb="offline", log_model=log_model, checkpoint_name="reader")
    _train(tmp_path, logger, **how)

    (folder,) = wandb_files.folders(Path(logger.save_dir) / "wandb")
    artifacts = [one for one in wandb_files.wait(folder).artifacts if one["type"] == "model"]
    assert {one["name"] for one in artifacts} <= {"reader"}
    assert [set(one["aliases"]) for one in artifacts] == [set(aliases) for aliases in expected]


def test_the_files_stay_when_lightning_deletes_its_own(tmp_path: Path) -> None:
    """With "all", a model that is no longer among the best is still there to be uploaded."""
    logger = make_logger(tmp_path, wandb="offline", log_model="all")
    _train(tmp_path, logger, save_top_k=1)

    folder = Path(logger.save_dir)
    assert [path.name for path in (folder / "checkpoints").iterdir()] == ["step=12.ckpt"]
    assert sorted(path.name for path in folder.glob("artifacts/*/step-*/*.ckpt")) == [
        "step=12.ckpt",
        "step=4.ckpt",
        "step=8.ckpt",
    ]
