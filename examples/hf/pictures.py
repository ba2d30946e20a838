"""Train a small vision transformer on handwritten digits with the Hugging Face Trainer.

The digits are real, 8 by 8 pixels, from the UCI repository; scikit-learn brings them along. No
`draw` is given: the callback finds by itself that these are pictures with labels and class scores.
"""

from __future__ import annotations

import argparse

import torch
from sklearn.datasets import load_digits
from torch.utils.data import Dataset
from transformers import (
    EvalPrediction,
    Trainer,
    TrainingArguments,
    ViTConfig,
    ViTForImageClassification,
)

from triptych import Every
from triptych.hf import RerunCallback


class Digits(Dataset):
    """Pixels (1, 8, 8), 0 to 1, and the digit; every fifth is for validation."""

    def __init__(self, *, train: bool) -> None:
        digits = load_digits()
        mine = (torch.arange(len(digits.target)) % 5 != 0) == train
        self.pixels = torch.from_numpy(digits.images).float().unsqueeze(1)[mine] / 16
        self.labels = torch.from_numpy(digits.target)[mine]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {"pixel_values": self.pixels[index], "labels": self.labels[index]}


def main() -> None:
    args = parse_args()
    torch.manual_seed(args.seed)
    model = ViTForImageClassification(
        ViTConfig(
            image_size=8,
            patch_size=2,
            num_channels=1,
            hidden_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=128,
            num_labels=10,
        )
    )
    settings = TrainingArguments(
        f"{args.root}/checkpoints/pictures",
        num_train_epochs=args.epochs,
        per_device_train_batch_size=32,
        learning_rate=1e-3,
        warmup_steps=40,
        logging_steps=5,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=1,
        metric_for_best_model="accuracy",
        report_to="none",
        dataloader_pin_memory=False,
        seed=args.seed,
    )
    callback = RerunCallback(
        project="digits", name="vit-small", root=args.root, every=Every(steps=50), follow=4
    )
    with callback:
        Trainer(
            model,
            settings,
            train_dataset=Digits(train=True),
            eval_dataset=Digits(train=False),
            compute_metrics=accuracy,
            callbacks=[callback],
        ).train()


def accuracy(result: EvalPrediction) -> dict[str, float]:
    return {"accuracy": float((result.predictions.argmax(1) == result.label_ids).mean())}


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default="runs", help="folder of all runs")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
