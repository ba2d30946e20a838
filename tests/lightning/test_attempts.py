"""Trainings that go on, start again, or whose checkpoints are evaluated, are at the right step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightning as L  # noqa: N812
import pytest
from lightning.pytorch.callbacks import Callback

from tests.lightning.small import (
    QUIET,
    ByHand,
    Small,
    TwoOptimizers,
    curve,
    loader,
    make_logger,
    make_trainer,
    recording,
)

pytestmark = QUIET


class SaveInMidEpoch(Callback):
    """Saves after the second of four batches."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, *about: Any
    ) -> None:
        """Once."""
        if not self.path.exists() and about[-1] == 1:
            trainer.save_checkpoint(self.path)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Small, [3, 4, 5, 6, 7, 8]),
        (TwoOptimizers, [3, 4, 5, 6, 7, 8]),
        (ByHand, [2, 2, 3, 3, 4, 4]),
    ],
)
def test_resume_in_mid_epoch_goes_on_after_the_saved_step(
    tmp_path: Path, kind: type[Small], expected: list[int]
) -> None:
    """Saved after two of four batches: the next update is the next number."""
    saved = tmp_path / "model.ckpt"
    with make_logger(tmp_path) as first:
        save = SaveInMidEpoch(saved)
        make_trainer(tmp_path, first, max_epochs=1, callbacks=[save]).fit(kind(), loader())
    with make_logger(tmp_path, resume=first.save_dir) as second:
        make_trainer(tmp_path, second).fit(kind(), loader(), ckpt_path=saved)

    assert curve(second, "train/loss", attempt=2) == expected


@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.parametrize("kind", [Small, TwoOptimizers])
def test_evaluation_of_a_checkpoint_is_at_its_step(
    tmp_path: Path, kind: type[Small], *, ours: bool
) -> None:
    """A fresh Trainer, to which Lightning says 0; also where the checkpoint is not from us."""
    trainer = make_trainer(tmp_path, make_logger(tmp_path) if ours else False, max_epochs=1)
    trainer.fit(kind(), loader(3))
    trainer.save_checkpoint(tmp_path / "model.ckpt")

    with make_logger(tmp_path / "evaluation") as logger:
        fresh = make_trainer(tmp_path, logger)
        fresh.validate(kind(), loader(), ckpt_path=tmp_path / "model.ckpt")
        fresh.test(kind(), loader(), ckpt_path=tmp_path / "model.ckpt")

    assert fresh.global_step == 0
    assert {path: curve(logger, path) for path in ("val/loss", "test/loss")} == {
        "val/loss": [3],
        "test/loss": [3],
    }


def test_evaluation_before_training_is_at_0(tmp_path: Path) -> None:
    """The weights are those that no update has touched."""
    with make_logger(tmp_path) as logger:
        trainer = make_trainer(tmp_path, logger, max_epochs=1)
        model = Small()
        trainer.validate(model, loader())
        trainer.fit(model, loader(), loader())
        trainer.test(model, loader())

    assert curve(logger, "val/loss") == [0, 4]
    assert curve(logger, "test/loss") == [4]


def test_a_training_from_the_start_is_a_new_attempt(tmp_path: Path) -> None:
    """A second Trainer with the same logger begins at 1 again, in a recording of its own."""
    with make_logger(tmp_path) as logger:
        for _ in range(2):
            make_trainer(tmp_path, logger, max_epochs=1).fit(Small(), loader())

    assert [curve(logger, "train/loss", attempt) for attempt in (1, 2)] == [[1, 2, 3, 4]] * 2


def test_a_training_that_goes_on_is_no_new_attempt(tmp_path: Path) -> None:
    """The same Trainer with more epochs continues at the step it has."""
    with make_logger(tmp_path) as logger:
        trainer = make_trainer(tmp_path, logger, max_epochs=1)
        model = Small()
        trainer.fit(model, loader())
        trainer.fit_loop.max_epochs = 2
        trainer.fit(model, loader())

    assert curve(logger, "train/loss") == [1, 2, 3, 4, 5, 6, 7, 8]
    assert not recording(logger, 2).exists()
