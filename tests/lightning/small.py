"""A training as small as can be: one linear layer, real digits, the CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightning as L  # noqa: N812  # as everybody calls it
import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from tests.support import rrd
from triptych.lightning import RerunLogger
from triptych.sinks.rerun import RerunSink

Batch = list[Tensor]

QUIET = [
    # Lightning 2.6 asks torch 2.13 in a way that has become old
    pytest.mark.filterwarnings("ignore:.*treespec, LeafSpec:FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*treespec, LeafSpec:DeprecationWarning"),
    # its advice: more workers, a validation loader, a loader that can be resumed
    pytest.mark.filterwarnings("ignore::lightning.fabric.utilities.warnings.PossibleUserWarning"),
    pytest.mark.filterwarnings("ignore:.*was called without a model"),
]


class Small(L.LightningModule):
    """A linear layer that reads digits; logs "train/loss", "val/loss" and "val/batch"."""

    def __init__(self, lr: float = 0.1) -> None:
        super().__init__()
        self.save_hyperparameters()
        torch.manual_seed(0)
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))

    def forward(self, pixels: Tensor) -> Tensor:
        """Scores (N, 10) of pixels (N, 1, 8, 8)."""
        scores: Tensor = self.net(pixels)
        return scores

    def loss(self, batch: Batch) -> Tensor:
        """Cross entropy of a batch."""
        return nn.functional.cross_entropy(self(batch[0]), batch[1])

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """One batch."""
        loss = self.loss(batch)
        self.log("train/loss", loss)
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """One batch, logged for itself and as part of the mean."""
        loss = self.loss(batch)
        self.log("val/batch", loss, on_step=True, on_epoch=False)
        self.log("val/loss", loss)

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """One batch."""
        self.log("test/loss", self.loss(batch))

    def predict_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Scores."""
        scores: Tensor = self(batch[0])
        return scores

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Plain gradient descent."""
        return torch.optim.SGD(self.parameters(), self.hparams["lr"])


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


def loader(batches: int = 4, size: int = 4, *, shuffle: bool = False) -> DataLoader[Any]:
    """The first digits of scikit-learn."""
    digits = load_digits()
    count = batches * size
    pixels = torch.from_numpy(digits.images[:count]).float()[:, None] / 16
    data = TensorDataset(pixels, torch.from_numpy(digits.target[:count]))
    return DataLoader(data, batch_size=size, shuffle=shuffle)


def make_logger(folder: Path, **options: Any) -> RerunLogger:
    """A logger that writes recordings, and nothing else unless it is told to; no monitors."""
    settings: dict[str, Any] = {"root": folder / "runs", "console": False, "wandb": False}
    settings["monitors"] = False
    if "wandb" not in options:
        settings["sinks"] = [RerunSink()]
    return RerunLogger("digits", **(settings | options))


def make_trainer(folder: Path, logger: Any, **options: Any) -> L.Trainer:
    """Two epochs, every update logged, no model saved."""
    settings: dict[str, Any] = {
        "accelerator": "cpu",
        "default_root_dir": folder / "lightning",
        "enable_checkpointing": False,
        "enable_model_summary": False,
        "enable_progress_bar": False,
        "log_every_n_steps": 1,
        "max_epochs": 2,
        "num_sanity_val_steps": 0,
    }
    return L.Trainer(logger=logger, **(settings | options))


def curve(logger: RerunLogger, path: str, attempt: int = 1) -> list[int]:
    """The steps of a number in the recording of an attempt."""
    return [int(step) for step in rrd.scalars(recording(logger, attempt), f"/{path}")[0]]


def recording(logger: RerunLogger, attempt: int = 1) -> Path:
    """The .rrd file of an attempt."""
    return Path(logger.save_dir) / f"recording-{attempt}.rrd"
