"""Train a small network on handwritten digits, in a loop of your own.

The digits are real, 8 by 8 pixels, from the UCI repository; scikit-learn brings them along. An
update gathers the gradients of two batches, and the learning rate rises and falls once.
"""

from __future__ import annotations

import argparse
import logging
from math import ceil

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pad
from torch.utils.data import DataLoader, Dataset, TensorDataset, random_split

import triptych

log = logging.getLogger("digits")

GOOD = 0.95  # share of unseen digits read right
ROWS, COLUMNS = 2, 6  # of the worst samples


def main() -> None:
    args = parse_args()
    torch.set_num_threads(1)  # more would cost so small a network more than they bring
    torch.manual_seed(args.seed)
    train_set, val_set = load_halves()
    loader = DataLoader(train_set, batch_size=32, shuffle=True)
    model = make_model()
    optimizer = torch.optim.AdamW(model.parameters())
    updates = args.epochs * ceil(len(loader) / args.accumulate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, args.lr, total_steps=updates)

    with triptych.run("digits", "cnn", config=vars(args), root=args.root) as run:
        triptych.monitors.watch(run, model, optimizer)  # learning rate, gradients, time, machine
        best = 0.0
        for epoch in run.epochs(args.epochs):
            model.train()
            for images, labels in run.steps(loader, accumulate=args.accumulate):
                logits = model(images)
                loss = cross_entropy(logits, labels)
                (loss / args.accumulate).backward()
                if run.update_due:  # also after the last, lonely batch of an epoch
                    correct = (logits.argmax(1) == labels).float().mean()
                    run.log({"train/loss": loss, "train/acc": correct})
                    optimizer.step()
                    schedule.step()
                    optimizer.zero_grad()
            with run.phase("val"):
                accuracy = validate(run, model, val_set)
            log.info("epoch %d: reads %.1f %% of unseen digits", epoch + 1, 100 * accuracy)
            if best < GOOD <= accuracy:
                run.event(f"reads {GOOD:.0%} of unseen digits")
            best = max(best, accuracy)


@torch.no_grad()
def validate(run: triptych.Run, model: nn.Module, val_set: Dataset) -> float:
    images, labels = val_set[:]
    logits = model.eval()(images)
    chances, said = logits.softmax(1), logits.argmax(1)
    accuracy = (said == labels).float().mean().item()
    run.log({"val/loss": cross_entropy(logits, labels), "val/acc": accuracy})
    run.log({"val/worst": lambda: draw_worst(images, labels, chances)})
    run.log({"val/mistakes": lambda: count_mistakes(labels, said)})
    return accuracy


def draw_worst(images: Tensor, labels: Tensor, chances: Tensor) -> triptych.Image:
    """Tile the digits whose label the model finds least likely, with what it takes them for."""
    worst = chances.gather(1, labels[:, None]).flatten().argsort()[: ROWS * COLUMNS]
    tiles = pad(images[worst, 0], (1, 1, 1, 3)).unflatten(0, (ROWS, COLUMNS))  # room for words
    mosaic = tiles.transpose(1, 2).flatten(2).flatten(0, 1)
    place = torch.arange(ROWS * COLUMNS)
    left, top = place % COLUMNS * 10 + 1, place // COLUMNS * 12 + 1
    boxes = torch.stack([left, top, left + 8, top + 8], 1)
    sure, said = chances[worst].max(1)
    facts = zip(labels[worst].tolist(), said.tolist(), sure.tolist(), strict=True)
    words = [f"{label} as {guess}, {share:.0%}" for label, guess, share in facts]
    caption = "what it is, what the model says, and how sure it is"
    return triptych.Image(mosaic, boxes={"boxes": boxes, "labels": words}, caption=caption)


def count_mistakes(labels: Tensor, said: Tensor) -> triptych.Table:
    pairs, counts = torch.stack([labels, said], 1)[labels != said].unique(dim=0, return_counts=True)
    order = counts.argsort(descending=True)
    rows = torch.cat([pairs, counts[:, None]], 1)[order].tolist()
    return triptych.Table(["digit", "taken for", "times"], rows)


def load_halves() -> list[Dataset]:
    digits = load_digits()
    images = torch.from_numpy(digits.images).float().unsqueeze(1) / 16  # (N, 1, 8, 8), 0 to 1
    return random_split(TensorDataset(images, torch.from_numpy(digits.target)), [0.8, 0.2])


def make_model() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 32, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Dropout(0.5), nn.Linear(64 * 4 * 4, 10)),
    )


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default="runs", help="folder of all runs")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--accumulate", type=int, default=2, help="batches in one update")
    parser.add_argument("--lr", type=float, default=0.004, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
