"""Losses that jump, and losses that stop being numbers."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.monitors.small import digits, events, make_model, open_run
from triptych.monitors import Monitors, watch
from triptych.monitors.spikes import ENOUGH, jumps, modified_z
from triptych.sinks.memory import MemorySink


def test_the_score_is_that_of_iglewicz_and_hoaglin() -> None:
    """0.6745 (x - median) / MAD, and another deviation where most values are equal."""
    assert modified_z(9.0, [1.0, 2.0, 3.0, 4.0, 5.0]) == pytest.approx(0.6745 * (9 - 3) / 1)
    assert modified_z(9.0, [3.0, 3.0, 3.0, 8.0]) == pytest.approx((9 - 3) / (1.253314 * 5 / 4))
    assert modified_z(9.0, [3.0, 3.0, 3.0]) == 0


def test_a_jump_is_far_and_large() -> None:
    """A hundredth of a loss that never varies is none, and neither is an ordinary bad batch."""
    steady = [1.0 + 1e-6 * index for index in range(50)]
    assert not jumps(1.01, steady)
    assert jumps(2.0, steady)
    varied = [math.exp(math.sin(index)) for index in range(50)]
    assert not jumps(10.0, varied)
    assert jumps(10.0, [-1.0 + 0.1 * math.sin(index) for index in range(50)])


def test_a_healthy_training_leaves_no_event_and_a_jump_leaves_one(tmp_path: Path) -> None:
    """Real losses of digits; then a rate that throws the weights away, which takes several steps.

    A jump that goes on is one incident, and so is a loss that stays NaN.
    """
    sink, model = MemorySink(), make_model()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with open_run(tmp_path, sink) as run:
        watch(run, monitors=Monitors(system=0))
        for _ in run.epochs(3):
            for pixels, labels in run.steps(digits(40)):
                optimizer.zero_grad()
                loss = nn.functional.cross_entropy(model(pixels), labels)
                loss.backward()
                optimizer.step()
                run.log({"train/loss": loss, "train/acc": 0.5})
        assert run.flush()
        assert events(sink) == []
        for value in (5000.0, 6000.0, 1.0, math.nan, math.nan, 1.0, math.inf):
            run.advance()
            run.log({"train/loss": value, "train/acc": value})

    (step, jump), *others = events(sink)
    assert jump.startswith("train/loss jumped to 5000 at step 121, from about ")
    assert step >= 121
    assert [text for _, text in others] == [
        "train/loss became NaN at step 124",
        "train/loss became infinite at step 127",
    ]


def test_nothing_is_a_jump_before_there_is_enough_to_compare_with(tmp_path: Path) -> None:
    """A training may begin as it likes."""
    sink = MemorySink()
    with open_run(tmp_path, sink) as run:
        watch(run, monitors=Monitors(system=0))
        for index in range(ENOUGH):
            run.log({"Loss/train": 1.0 + 0.01 * (index % 3), "time/loss": 1.0 + 0.01 * (index % 3)})
        run.log({"other/loss": 1e9, "time/loss": 1e9})
        run.log({"Loss/train": 1e9})

    (event,) = events(sink)
    assert event[1].startswith("Loss/train jumped to 1e+09")
