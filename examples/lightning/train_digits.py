"""Train a small network on handwritten digits with PyTorch Lightning.

The digits are real, 8 by 8 pixels, from the UCI repository; scikit-learn brings them along.
"""

from __future__ import annotations

import argparse

import lightning as L  # noqa: N812  # as everybody calls it
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset, random_split

from triptych.lightning import RerunLogger, VisualCallback


class Digits(L.LightningDataModule):
    """1797 digits, a fifth of them for validation.

    Args:
        batch_size: Digits in a batch.
    """

    def __init__(self, batch_size: int = 32) -> None:
        super().__init__()
        self.save_hyperparameters()

    def setup(self, stage: str) -> None:  # Lightning's
        digits = load_digits()
        images = torch.from_numpy(digits.images).float().unsqueeze(1) / 16  # (N, 1, 8, 8), 0 to 1
        data = TensorDataset(images, torch.from_numpy(digits.target))
        split = torch.Generator().manual_seed(0)
        self.train, self.val = random_split(data, [0.8, 0.2], generator=split)

    def train_dataloader(self) -> DataLoader:
        return DataLoader(self.train, self.hparams.batch_size, shuffle=True)

    def val_dataloader(self) -> DataLoader:
        return DataLoader(self.val, 256)


class Reader(L.LightningModule):
    """Reads digits.

    Args:
        width: Channels of the first layer.
        lr: Highest learning rate.
    """

    def __init__(self, width: int = 32, lr: float = 0.004) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(
            *(nn.Conv2d(1, width, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(width, 2 * width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Flatten(), nn.Dropout(0.5), nn.Linear(2 * width * 4 * 4, 10)),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.net(images)

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        images, labels = batch
        loss = cross_entropy(self(images), labels)
        self.log("train/loss", loss)
        return loss

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        images, labels = batch
        logits = self(images)
        self.log("val/loss", cross_entropy(logits, labels))
        self.log("val/acc", (logits.argmax(1) == labels).float().mean(), prog_bar=True)

    def configure_optimizers(self) -> dict:
        optimizer = torch.optim.AdamW(self.parameters())
        updates = self.trainer.estimated_stepping_batches
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, self.hparams.lr, updates)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default="runs", help="folder of all runs")
    parser.add_argument("--epochs", type=int, default=10)
    args = parser.parse_args()

    L.seed_everything(0)
    with RerunLogger("digits", "lightning", root=args.root, log_model=True) as logger:
        trainer = L.Trainer(
            accelerator="cpu",
            max_epochs=args.epochs,
            accumulate_grad_batches=2,
            log_every_n_steps=1,
            logger=logger,
            callbacks=[
                VisualCallback(follow=8),  # the same eight digits, at every validation
                ModelCheckpoint(monitor="val/acc", mode="max", filename="{step}"),
            ],
        )
        trainer.fit(Reader(), Digits())


if __name__ == "__main__":
    main()
