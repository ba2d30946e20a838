"""A training as small as can be, and what a run in memory has kept of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

import triptych
from triptych.monitors import Monitors
from triptych.pipeline.records import Event
from triptych.sinks.memory import MemorySink

EACH = Monitors(gradients=1, modules=1, pace=1, system=0)
"""Everything at each update, but for the machine."""


def open_run(folder: Path, sink: MemorySink) -> triptych.Run:
    """A run that is kept in memory."""
    return triptych.run("digits", root=folder, sinks=[sink], console=False)


def digits(batches: int, size: int = 8) -> DataLoader[Any]:
    """Pixels (N, 64), 0 to 1, and labels."""
    found = load_digits()
    count = batches * size
    pixels = torch.from_numpy(found.data[:count]).float() / 16
    return DataLoader(TensorDataset(pixels, torch.from_numpy(found.target[:count])), size)


def make_model() -> nn.Sequential:
    """Three layers, the same each time."""
    torch.manual_seed(0)
    layers = [nn.Linear(64, 16), nn.Linear(16, 16), nn.Linear(16, 10)]
    names = ("encoder", "middle", "head")
    model = nn.Sequential()
    for name, layer in zip(names, layers, strict=True):
        model.add_module(name, layer)
    return model


class Still(torch.optim.SGD):
    """Makes no step, so that what is spoilt in one update does not spoil the next."""

    def step(self, closure: Any = None) -> None:
        """Leave the weights alone."""


def backward(
    run: triptych.Run, model: nn.Module, optimizer: torch.optim.Optimizer, batches: int
) -> Iterator[Tensor]:
    """Give each loss after the backward pass; the loop around it steps."""
    for pixels, labels in run.steps(digits(batches)):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(pixels), labels)
        loss.backward()
        yield loss


def events(sink: MemorySink) -> list[tuple[int, str]]:
    """Step and text of each event."""
    return [
        (record.stamp.step, record.value.text)
        for record in sink.records
        if isinstance(record.value, Event)
    ]
