"""Other ways to the same training give the same steps: by hand, W&B, the other package, Fabric."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import triptych
from tests.lightning.small import (
    QUIET,
    Batch,
    Small,
    curve,
    loader,
    make_logger,
    make_trainer,
    recording,
)
from tests.support import rrd, wandb_files
from triptych.sinks.memory import MemorySink
from triptych.sinks.rerun import RerunSink

pytestmark = QUIET


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
