"""The monitors in a Lightning Trainer."""

from __future__ import annotations

import math
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import Callback

from tests.lightning.small import (
    QUIET,
    Batch,
    ByHand,
    Small,
    TwoOptimizers,
    curve,
    loader,
    make_logger,
    make_trainer,
    recording,
)
from tests.support import rrd
from triptych.monitors import Monitors

pytestmark = QUIET

EACH = Monitors(gradients=1, modules=1, pace=1, system=0)


class Norms(Callback):
    """Notes the norm of the gradients before Lightning clips them."""

    def __init__(self) -> None:
        self.seen: list[float] = []

    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
        """As torch computes it."""
        gradients = [one.grad for one in pl_module.parameters()]
        self.seen.append(float(torch.nn.utils.get_total_norm(gradients)))


def test_it_measures_where_the_time_goes(tmp_path: Path) -> None:
    """Per window of updates, per validation and per saved model; numbers fit one another."""
    with make_logger(tmp_path, monitors=Monitors(pace=2, system=0)) as logger:
        make_trainer(tmp_path, logger, enable_checkpointing=True, accumulate_grad_batches=2).fit(
            Small(), loader(8), loader(2)
        )

    speeds = ("throughput/steps_per_second", "throughput/samples_per_second")
    for path in (*speeds, "time/step_p50", "time/step_p95", "time/step_p99", "time/data_wait"):
        assert curve(logger, path) == [2, 4, 6, 8]
    assert curve(logger, "time/val") == [4, 8]
    assert curve(logger, "time/checkpoint") == [4, 8]
    steps, samples = (rrd.scalars(recording(logger), f"/{path}")[1] for path in speeds)
    assert (samples / steps).tolist() == pytest.approx([8, 8, 8, 8])
    assert [one for one in threading.enumerate() if one.name == "triptych-system"] == []


def test_gradients_are_seen_before_they_are_clipped(tmp_path: Path) -> None:
    """At each update, with the rate that it is made with."""
    norms = Norms()
    with make_logger(tmp_path, monitors=EACH) as logger:
        make_trainer(tmp_path, logger, callbacks=[norms], gradient_clip_val=1e-3).fit(
            Small(), loader()
        )

    steps, values = rrd.scalars(recording(logger), "/train/grad_norm")
    assert steps.tolist() == list(range(1, 9))
    assert values.tolist() == pytest.approx(norms.seen)
    assert rrd.scalars(recording(logger), "/train/lr")[1].tolist() == [0.1] * 8


@pytest.mark.parametrize("clip", [None, 1.0])
def test_the_culprit_is_named(tmp_path: Path, clip: float | None) -> None:
    """At its step, whether or not Lightning then spreads it by clipping."""

    class Spoilt(Small):
        def training_step(self, batch: Batch, batch_idx: int) -> Any:
            if batch_idx == 2:
                self.net[1].bias.register_hook(lambda gradient: gradient * math.nan)
            return super().training_step(batch, batch_idx)

    with make_logger(tmp_path, monitors=EACH) as logger:
        make_trainer(tmp_path, logger, max_epochs=1, gradient_clip_val=clip).fit(Spoilt(), loader())

    events = [line for line in rrd.text_log(recording(logger)) if line[1] == "/events"]
    assert events[0][0] == 3
    assert events[0][3] == "gradient of net.1.bias became NaN at step 3"


@pytest.mark.parametrize(
    ("kind", "paths", "steps"),
    [
        (TwoOptimizers, ["train/grad_norm/0", "train/grad_norm/1"], [1, 2, 3, 4]),
        (ByHand, ["train/grad_norm/0"], [2, 4]),
    ],
)
def test_optimizers_of_a_loop_by_hand_are_watched(
    tmp_path: Path, kind: type[Small], paths: list[str], steps: list[int]
) -> None:
    """Each at paths of its own, whenever it steps."""
    with make_logger(tmp_path, monitors=EACH) as logger:
        make_trainer(tmp_path, logger, max_epochs=1).fit(kind(), loader())

    assert all(len(curve(logger, path)) == len(steps) for path in paths)


def test_monitors_can_be_left_out(tmp_path: Path) -> None:
    """Then there is what the module logs."""
    with make_logger(tmp_path, monitors=False) as logger:
        make_trainer(tmp_path, logger, max_epochs=1).fit(Small(), loader())

    names = {path for path in rrd.scalar_paths(recording(logger)) if "log10" not in path}
    assert names == {"/train/loss"}
