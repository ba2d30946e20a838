"""Train on handwritten digits in a loop of your own, with accelerate.

Runs on one process, or on several: `accelerate launch accelerate_loop.py`. Only the main process
writes; on the others the tracker's run takes everything and keeps nothing.
"""

from __future__ import annotations

import argparse

import torch
from accelerate import Accelerator
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset, random_split

import triptych
from triptych.accelerate import RerunTracker


def main() -> None:
    args = parse_args()
    torch.manual_seed(args.seed)
    tracker = RerunTracker("digits", name="accelerate", root=args.root)
    accelerator = Accelerator(log_with=tracker, gradient_accumulation_steps=2)
    accelerator.init_trackers("digits", config=vars(args))
    run = tracker.tracker

    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    train_set, val_set = load_halves()
    model, optimizer, loader, val_loader = accelerator.prepare(
        model,
        optimizer,
        DataLoader(train_set, batch_size=32, shuffle=True),
        DataLoader(val_set, batch_size=len(val_set)),
    )
    for _ in run.epochs(args.epochs):
        for images, labels in run.steps(loader, accumulate=2):
            with accelerator.accumulate(model):
                loss = cross_entropy(model(images), labels)
                accelerator.backward(loss)
                optimizer.step()
                optimizer.zero_grad()
            if run.update_due:
                accelerator.log({"train/loss": loss})
        with run.phase("val"), torch.no_grad():
            images, labels = next(iter(val_loader))
            chances = model(images).softmax(1)
            accelerator.log({"val/acc": (chances.argmax(1) == labels).float().mean()})
            worst = int(chances[range(len(labels)), labels].argmin())
            said = f"{int(labels[worst])}, read as {int(chances[worst].argmax())}"
            accelerator.log({"val/worst": triptych.Image(images[worst, 0], caption=said)})
    accelerator.end_training()


def load_halves() -> list[torch.utils.data.Subset]:
    digits = load_digits()
    images = torch.from_numpy(digits.images).float().unsqueeze(1) / 16
    return random_split(TensorDataset(images, torch.from_numpy(digits.target)), [0.8, 0.2])


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default="runs", help="folder of all runs")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--lr", type=float, default=0.005)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
