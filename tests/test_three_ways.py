"""One model, trained by hand, by Lightning and by the Hugging Face Trainer: the same steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightning as L  # noqa: N812  # as its users write it
import pytest
import torch
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset
from transformers import Trainer, TrainingArguments

import triptych
from tests.support import rrd
from triptych.hf import RerunCallback
from triptych.lightning import RerunLogger

EPOCHS = 2
ACCUMULATE = 2  # of five batches in an epoch: the last one is an update of its own

# The only differences in names: the Trainer calls evaluation "eval".
PATHS = {"train/loss": "train/loss", "val/loss": "eval/loss", "val/acc": "eval/acc"}
STEPS = {"train/loss": [1, 2, 3, 4, 5, 6], "val/loss": [3, 6], "val/acc": [3, 6]}


class Digits(Dataset):  # type: ignore[type-arg]
    """Real digits: pixels (64,), 0 to 1, and labels."""

    def __init__(self, start: int, stop: int) -> None:
        digits = load_digits()
        self.pixels = torch.from_numpy(digits.data[start:stop]).float() / 16
        self.labels = torch.from_numpy(digits.target[start:stop])

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {"pixels": self.pixels[index], "labels": self.labels[index]}


TRAINING, VALIDATION = Digits(0, 20), Digits(20, 28)


class Reader(torch.nn.Module):
    """Reads digits, as a model of transformers would: with the loss among the outputs."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = torch.nn.Linear(64, 10)

    def forward(self, pixels: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Loss, and scores (N, 10)."""
        logits = self.layer(pixels)
        return {"loss": cross_entropy(logits, labels), "logits": logits}


def by_hand(folder: Path) -> Path:
    """The loop that anybody would write."""
    model = Reader()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with triptych.run("digits", root=folder, wandb=False, console=False) as run:
        for _ in run.epochs(EPOCHS):
            for batch in run.steps(DataLoader(TRAINING, batch_size=4), accumulate=ACCUMULATE):
                loss = model(**batch)["loss"]
                (loss / ACCUMULATE).backward()
                if run.update_due:
                    run.log({"train/loss": loss})
                    optimizer.step()
                    optimizer.zero_grad()
            with run.phase("val"), torch.no_grad():
                out = model(*VALIDATION[:].values())
                hits = out["logits"].argmax(1) == VALIDATION.labels
                run.log({"val/loss": out["loss"], "val/acc": hits.float().mean()})
    return run.dir


class Module(L.LightningModule):
    """The same for Lightning."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Reader()

    def training_step(self, batch: dict[str, torch.Tensor], _: int) -> torch.Tensor:
        """Loss of one batch."""
        loss = self.model(**batch)["loss"]
        self.log("train/loss", loss)
        return loss

    def validation_step(self, batch: dict[str, torch.Tensor], _: int) -> None:
        """Loss and accuracy of the set."""
        out = self.model(**batch)
        hits = out["logits"].argmax(1) == batch["labels"]
        self.log_dict({"val/loss": out["loss"], "val/acc": hits.float().mean()})

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """As by hand."""
        return torch.optim.SGD(self.parameters(), lr=0.1)


def by_lightning(folder: Path) -> Path:
    """A Trainer with a `RerunLogger`."""
    logger = RerunLogger("digits", root=folder, wandb=False, console=False)
    trainer = L.Trainer(
        max_epochs=EPOCHS,
        accumulate_grad_batches=ACCUMULATE,
        logger=logger,
        log_every_n_steps=1,
        accelerator="cpu",
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        default_root_dir=folder,
    )
    trainer.fit(Module(), DataLoader(TRAINING, batch_size=4), DataLoader(VALIDATION, batch_size=8))
    run = logger.experiment
    logger.close()
    return Path(run.dir)


def by_hugging_face(folder: Path) -> Path:
    """A Trainer with a `RerunCallback`."""
    callback = RerunCallback(project="digits", root=folder, wandb=False, console=False, draw=False)
    arguments = TrainingArguments(
        str(folder / "out"),
        num_train_epochs=EPOCHS,
        per_device_train_batch_size=4,
        gradient_accumulation_steps=ACCUMULATE,
        logging_steps=1,
        eval_strategy="epoch",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=False,
        use_cpu=True,
    )

    def accuracy(result: Any) -> dict[str, float]:
        return {"acc": float((result.predictions.argmax(1) == result.label_ids).mean())}

    with callback:
        Trainer(
            Reader(),
            arguments,
            train_dataset=TRAINING,
            eval_dataset=VALIDATION,
            compute_metrics=accuracy,
            callbacks=[callback],
        ).train()
    assert callback.run is not None
    return callback.run.dir


# A package that Lightning 2.6 looks through its batches with is behind torch 2.13.
@pytest.mark.filterwarnings("ignore:.isinstance.treespec, LeafSpec:FutureWarning")
def test_the_same_steps_three_ways(tmp_path: Path) -> None:
    """Training and validation land at the same steps; printed side by side."""
    ways = {
        "by hand": by_hand(tmp_path / "hand"),
        "Lightning": by_lightning(tmp_path / "lightning"),
        "Hugging Face": by_hugging_face(tmp_path / "hf"),
    }
    found = {
        way: {
            path: rrd.scalars(
                folder / "recording-1.rrd",
                f"/{PATHS[path] if way == 'Hugging Face' else path}",
            )[0].tolist()
            for path in STEPS
        }
        for way, folder in ways.items()
    }

    lines = [["", *ways], *([path, *(str(found[way][path]) for way in ways)] for path in STEPS)]
    for line in lines:
        print("".join(f"{cell:<22}" for cell in line))  # noqa: T201  # shown by pytest -s
    assert found == dict.fromkeys(ways, STEPS)
