"""What Lightning does lands at the step of the optimizer update it belongs to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightning as L  # noqa: N812
import pytest
from lightning.pytorch.callbacks import Callback, LearningRateMonitor

from tests.lightning.small import (
    QUIET,
    ByHand,
    Small,
    TwoOptimizers,
    curve,
    loader,
    make_logger,
    make_trainer,
)

pytestmark = QUIET


Steps = dict[str, list[int]]

CASES: dict[str, tuple[dict[str, Any], Steps]] = {
    "every update": (
        {},
        {"train/loss": [1, 2, 3, 4, 5, 6, 7, 8], "val/loss": [4, 8]},
    ),
    "batches of a validation, whatever Lightning counts": (
        {"max_epochs": 1},
        {"val/batch": [4, 4, 4, 4]},
    ),
    "accumulation counts updates, the last, lonely batch is one": (
        {"accumulate_grad_batches": 3},
        {"train/loss": [1, 2, 3, 4], "val/loss": [2, 4]},
    ),
    "validation in mid-epoch": (
        {"val_check_interval": 2, "max_epochs": 1},
        {"train/loss": [1, 2, 3, 4], "val/loss": [2, 4]},
    ),
    "every second update": (
        {"log_every_n_steps": 2},
        {"train/loss": [2, 4, 6, 8]},
    ),
    "the sanity check": (
        {"num_sanity_val_steps": 2, "max_epochs": 1},
        {"val/batch": [4, 4, 4, 4], "val/loss": [4]},
    ),
    "the learning rate of each update, and before an epoch": (
        {"callbacks": [LearningRateMonitor()], "max_epochs": 1},
        {"lr-SGD": [0, 1, 2, 3, 4]},
    ),
}


@pytest.mark.parametrize(("options", "expected"), CASES.values(), ids=CASES.keys())
def test_steps(tmp_path: Path, options: dict[str, Any], expected: Steps) -> None:
    """Each curve has exactly the steps of the updates at which its values were made."""
    with make_logger(tmp_path) as logger:
        make_trainer(tmp_path, logger, **options).fit(Small(), loader(), loader())

    assert {path: curve(logger, path) for path in expected} == expected


def test_two_optimizers_make_one_step_per_batch(tmp_path: Path) -> None:
    """Lightning counts eight steps of optimizers in four batches; these are four updates."""
    with make_logger(tmp_path) as logger:
        trainer = make_trainer(tmp_path, logger, max_epochs=1)
        trainer.fit(TwoOptimizers(), loader(), loader())

    assert trainer.global_step == 8
    assert curve(logger, "train/loss") == [1, 2, 3, 4]
    assert curve(logger, "val/loss") == [4]


def test_accumulation_by_hand_counts_updates(tmp_path: Path) -> None:
    """With manual optimization the batches of one update share its step."""
    with make_logger(tmp_path) as logger:
        make_trainer(tmp_path, logger).fit(ByHand(), loader(), loader())

    assert curve(logger, "train/loss") == [1, 1, 2, 2, 3, 3, 4, 4]
    assert curve(logger, "val/loss") == [2, 4]


class Speaker(Callback):
    """Logs a number of its own wherever it may, and remembers where it was."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int, int | None, str]] = []

    def _say(self, trainer: L.Trainer, hook: str) -> None:
        clock = trainer.loggers[0].experiment.clock  # type: ignore[attr-defined]
        self.seen.append((hook, clock.step, clock.epoch, clock.phase))

    def on_sanity_check_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Before training."""
        self._say(trainer, "sanity")

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """In an update."""
        self._say(trainer, "batch")

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """At the end of a validation."""
        self._say(trainer, "validated")

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """At the end of an epoch."""
        self._say(trainer, "epoch")


def test_other_callbacks_find_the_right_step_epoch_and_phase(tmp_path: Path) -> None:
    """The logger's clock moves before any other callback is called."""
    speaker = Speaker()
    with make_logger(tmp_path) as logger:
        make_trainer(
            tmp_path, logger, max_epochs=1, callbacks=[speaker], num_sanity_val_steps=1
        ).fit(Small(), loader(2), loader(1))

    assert speaker.seen == [
        ("sanity", 0, None, "sanity"),
        ("validated", 0, None, "sanity"),
        ("batch", 1, 0, "train"),
        ("batch", 2, 0, "train"),
        ("validated", 2, 0, "val"),
        ("epoch", 2, 0, "train"),
    ]
