"""What Lightning does lands at the step of the optimizer update it belongs to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightning as L  # noqa: N812
import pytest
import torch
from lightning.pytorch.callbacks import Callback, LearningRateMonitor
from torch import Tensor, nn

import triptych
from tests.lightning.small import QUIET, Batch, Small, curve, loader, make_logger, make_trainer
from tests.lightning.small import recording
from tests.support import rrd, wandb_files
from triptych.sinks.memory import MemorySink
from triptych.sinks.rerun import RerunSink

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


class TwoOptimizers(Small):
    """As a GAN: in each batch one step of each of two optimizers."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """One batch, two optimizers."""
        optimizers: Any = self.optimizers()
        for optimizer in optimizers:
            optimizer.zero_grad()
            self.manual_backward(self.loss(batch))
            optimizer.step()
        loss = self.loss(batch)
        self.log("train/loss", loss)
        return loss

    def configure_optimizers(self) -> Any:
        """Two, for the same weights."""
        return [torch.optim.SGD(self.parameters(), 0.1) for _ in range(2)]


class ByHand(TwoOptimizers):
    """Gathers the gradients of two batches by hand."""

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """One batch, and every second time an update."""
        optimizer = self.optimizers()[0]  # type: ignore[index]
        loss = self.loss(batch)
        self.manual_backward(loss)
        self.log("train/loss", loss)
        if batch_idx % 2:
            optimizer.step()
            optimizer.zero_grad()
        return loss


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


def test_wandb_has_the_steps_of_the_recording(tmp_path: Path) -> None:
    """W&B's rows carry the same values at the same steps."""
    with make_logger(tmp_path, wandb="offline") as logger:
        trainer = make_trainer(tmp_path, logger, log_every_n_steps=8)
        trainer.fit(Small(), loader(), loader())

    (folder,) = wandb_files.folders(Path(logger.save_dir) / "wandb")
    wandb = wandb_files.wait(folder)
    for path in ("train/loss", "val/loss"):
        steps, values = rrd.scalars(recording(logger), f"/{path}")
        assert wandb.curve(path) == list(zip(steps.tolist(), values.tolist(), strict=True))
    assert curve(logger, "val/loss") == [4, 8]


def test_the_same_training_by_hand_has_the_same_steps_and_paths(tmp_path: Path) -> None:
    """The same model with the hand-written loop: equal numbers, at equal steps and paths."""
    with make_logger(tmp_path) as logger:
        trainer = make_trainer(tmp_path, logger, accumulate_grad_batches=2)
        trainer.fit(Small(), loader(3), loader(2))

    memory = MemorySink()
    model = Small()
    optimizer = model.configure_optimizers()
    with triptych.run("digits", root=tmp_path / "hand", sinks=[memory], console=False) as run:
        for _ in run.epochs(2):
            for batch in run.steps(loader(3), accumulate=2):
                loss = model.loss(batch)
                (loss / 2).backward()
                if run.update_due:
                    run.log({"train/loss": loss})
                    optimizer.step()
                    optimizer.zero_grad()
            with run.phase("val"), torch.no_grad():
                losses = [model.loss(batch) for batch in loader(2)]
                for loss in losses:
                    run.log({"val/batch": loss})
                run.log({"val/loss": sum(losses) / 2})

    assert rrd.scalar_paths(recording(logger)) == {f"/{path}" for path in memory.numbers}
    for path, rows in memory.numbers.items():
        steps, values = rrd.scalars(recording(logger), f"/{path}")
        assert steps.tolist() == [step for step, _ in rows]
        assert values.tolist() == pytest.approx([value for _, value in rows], rel=1e-5)


def test_pytorch_lightning_is_served_as_well(tmp_path: Path) -> None:
    """The Trainer of the other package takes the logger, and the steps are right."""
    import pytorch_lightning

    class Other(pytorch_lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))

        def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
            loss = nn.functional.cross_entropy(self.net(batch[0]), batch[1])
            self.log("train/loss", loss)
            return loss

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), 0.1)

    with make_logger(tmp_path) as logger:
        trainer = pytorch_lightning.Trainer(
            logger=logger,
            accelerator="cpu",
            default_root_dir=tmp_path,
            enable_checkpointing=False,
            enable_model_summary=False,
            enable_progress_bar=False,
            log_every_n_steps=1,
            max_epochs=1,
        )
        trainer.fit(Other(), loader(3))

    assert curve(logger, "train/loss") == [1, 2, 3]


def test_fabric_says_the_step(tmp_path: Path) -> None:
    """There is no Trainer to ask: `fabric.log` says which step it is."""
    from lightning.fabric import Fabric

    with make_logger(tmp_path, sinks=[RerunSink()]) as logger:
        fabric = Fabric(accelerator="cpu", devices=1, loggers=[logger])
        fabric.launch()
        for step in (1, 2, 5):
            fabric.log("train/loss", 1 / step, step=step)

    assert curve(logger, "train/loss") == [1, 2, 5]

