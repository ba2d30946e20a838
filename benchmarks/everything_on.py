"""What it costs to turn everything on: dashboard, monitors, and pictures every ten steps.

The same small network is trained on the same real digits with and without, in blocks that take
turns in one process: other users of the machine disturb both alike. Each block with something is
held against the bare ones before and after it. The mean of these ratios counts, so that the rare
long step counts too; a tenth at either end is left out, which is where the neighbours show.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import functools
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from apart import workplace
from blocks import REST, interval
from rich.console import Console
from rich.table import Table
from sklearn.datasets import load_digits
from torch import Tensor, nn

import triptych
from triptych import monitors

STEP = 0.020  # seconds, about
BLOCK = 150  # steps: fifteen times eight pictures, and three looks at every module
EVERY = 10  # steps between two sets of pictures
PICTURES, SIZE = 8, 224

Batch = tuple[Tensor, Tensor]

load = functools.cache(load_digits)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30, help="of blocks (default: 30)")
    parser.add_argument("--only", nargs="*", default=(), help="ways of logging, by their names")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with workplace() as place:
        Console(width=120).print(measure(place, options.rounds, options.only))


def measure(place: Path, rounds: int, only: Sequence[str] = ()) -> Table:
    """Blocks of training with everything and without, one after the other."""
    training = Training()  # one for all: two that are alike differ by more than what is measured
    samples = fitting(training)
    pictures = make_pictures()
    bare = Block(training, samples)
    with triptych.run("benchmark", root=place, console=False, wandb="offline") as run:
        ways = {
            "nothing, again": Block(training, samples),
            "its loss": Block(training, samples, run),
            "pictures": Block(training, samples, run, pictures),
            "monitors": Block(training, samples, run, watched=True),
            "everything": Block(training, samples, run, pictures, watched=True),
        }
        ways = {way: block for way, block in ways.items() if not only or way in only}
        for block in ways.values():
            block.time()  # kernels, first pictures
        times: dict[str, list[float]] = {way: [] for way in ways}
        ratios: dict[str, list[float]] = {way: [] for way in ways}
        before = bare.time()
        for _ in range(rounds):
            for way, block in ways.items():
                times[way].append(block.time())
                after = bare.time()
                ratios[way].append(times[way][-1] / ((before + after) / 2))
                before = after
    table = Table(title=f"{rounds} blocks of {BLOCK} steps each")
    for heading in ("a step with", "median, ms", "slower by, %", "95 % of resamples, %"):
        table.add_column(heading, no_wrap=True)
    found = {way: np.array(ratios[way]) for way in ways}
    if {"its loss", "everything"} <= found.keys():  # what it is to turn on all the rest
        found["everything, over its loss"] = found["everything"] / found["its loss"]
    for way, several in found.items():
        mean, low, high = 100 * (interval(several) - 1)
        median = f"{np.median(times[way]) * 1e3:.2f}" if way in times else ""
        table.add_row(way, median, f"{mean:+.2f}", f"{low:+.2f} to {high:+.2f}")
    return table


class Training:
    """A small convolutional network and its optimizer; two of them are alike."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.model = nn.Sequential(
            *(nn.Conv2d(1, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU()),
            *(nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(64, 128, 3, padding=1), nn.BatchNorm2d(128), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Flatten(), nn.Linear(128 * 4, 128), nn.ReLU(), nn.Linear(128, 10)),
        )
        self.optimizer = torch.optim.AdamW(self.model.parameters())
        self._initial = copy.deepcopy(self.model.state_dict())

    def restart(self) -> None:
        """Be as at first: every block does the same work, on the same numbers."""
        self.model.load_state_dict(self._initial)
        self.optimizer.state.clear()

    def step(self, batch: Batch) -> Tensor:
        """One update; gives the loss."""
        pixels, labels = batch
        self.optimizer.zero_grad()
        loss = nn.functional.cross_entropy(self.model(pixels), labels)
        loss.backward()
        self.optimizer.step()
        return loss


class Block:
    """Some steps of a training, logged or not.

    Args:
        training: The training.
        samples: In a batch.
        run: Gets the loss of each step; None for none.
        pictures: By path, logged every ten steps.
        watched: Whether the monitors look on.
    """

    def __init__(
        self,
        training: Training,
        samples: int,
        run: triptych.Run | None = None,
        pictures: dict[str, np.ndarray] | None = None,
        *,
        watched: bool = False,
    ) -> None:
        self._training = training
        self._batches = list(batches(samples))
        self._run = run
        self._pictures = pictures or {}
        self._watched = watched

    def time(self) -> float:
        """Mean seconds of a step."""
        self._training.restart()
        with contextlib.ExitStack() as stack:
            if self._run is not None and self._watched:
                model, optimizer = self._training.model, self._training.optimizer
                stack.enter_context(monitors.watch(self._run, model, optimizer))
            began = time.perf_counter()
            if self._run is None:
                for batch in self._batches:
                    self._training.step(batch)
            else:
                self._log(self._run)
            taken = (time.perf_counter() - began) / BLOCK
        time.sleep(REST)  # what still waits for a worker is not the next block's
        return taken

    def _log(self, run: triptych.Run) -> None:
        for number, batch in enumerate(run.steps(self._batches)):
            run.log({"train/loss": self._training.step(batch)})
            # the first of ten, not the last: what the workers make of it falls within the block
            if number % EVERY == 0 and self._pictures:
                run.log({path: triptych.Image(pixels) for path, pixels in self._pictures.items()})


def batches(samples: int) -> Iterator[Batch]:
    """Digits, over and over: pixels (N, 1, 8, 8), 0 to 1, and labels."""
    digits = load()
    pixels = torch.from_numpy(digits.images).float()[:, None] / 16
    labels = torch.from_numpy(digits.target)
    generator = torch.Generator().manual_seed(0)
    for _ in range(BLOCK):
        chosen = torch.randint(len(labels), (samples,), generator=generator)
        yield pixels[chosen], labels[chosen]


def fitting(training: Training) -> int:
    """How many samples make a step of about twenty milliseconds on this machine."""
    found = 32
    for _ in range(4):
        found = max(1, round(found * STEP / Block(training, found).time()))
    return found


def make_pictures() -> dict[str, np.ndarray]:
    """Eight digits as pictures of 224x224x3, uint8."""
    digits = load().images[:PICTURES]
    scaled = np.kron(digits * 15, np.ones((SIZE // 8, SIZE // 8))).astype(np.uint8)
    return {
        f"train/samples/{place}": np.repeat(one[..., None], 3, axis=2)
        for place, one in enumerate(scaled)
    }


if __name__ == "__main__":
    main()
