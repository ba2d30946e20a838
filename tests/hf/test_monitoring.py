"""The monitors in a Hugging Face Trainer."""

from __future__ import annotations

import math
import threading
from pathlib import Path
from typing import Any

import pytest
from transformers import Trainer

from tests.hf.small import (
    Digits,
    curve,
    make_arguments,
    make_callback,
    make_model,
    make_trainer,
    recording,
    run_of,
)
from tests.support import rrd
from triptych.monitors import Monitors

EACH = Monitors(gradients=1, modules=1, pace=1, system=0)


class Spoils(Trainer):
    """Makes one gradient of the second update NaN."""

    def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Through a hook, so that the loss is sound."""
        if self.state.global_step == 1:
            model.vit.layernorm.weight.register_hook(lambda gradient: gradient * math.nan)
        return super().compute_loss(model, inputs, *args, **kwargs)


def test_time_throughput_and_modules_are_logged_at_each_update(tmp_path: Path) -> None:
    """Batches of an update together, evaluation and saving apart; norms before clipping."""
    callback = make_callback(tmp_path, monitors=EACH)
    with callback:
        trainer = make_trainer(
            tmp_path,
            callback,
            eval_strategy="epoch",
            save_strategy="epoch",
            per_device_train_batch_size=2,
            gradient_accumulation_steps=2,
            max_grad_norm=1e-3,
        )
        clip = trainer.accelerator.clip_grad_norm_
        trainer.train()
        assert trainer.accelerator.clip_grad_norm_ == clip
        assert [one for one in threading.enumerate() if one.name == "triptych-system"] == []

    path = recording(callback)
    speeds = ("throughput/steps_per_second", "throughput/samples_per_second")
    for name in (*speeds, "time/step_p99", "time/data_wait", "grad_norm/classifier"):
        assert curve(path, f"/{name}") == [1, 2, 3]
    steps, samples = (rrd.scalars(path, f"/{name}")[1] for name in speeds)
    assert (samples / steps).tolist() == pytest.approx([4, 4, 4])
    assert curve(path, "/time/val") == [3]
    assert curve(path, "/time/checkpoint") == [3]
    # the Trainer's own total, once, and the modules add up to it
    modules = [p for p in rrd.scalar_paths(path) if p.startswith("/grad_norm/")]
    parts = sum(rrd.scalars(path, name)[1] ** 2 for name in modules)
    assert curve(path, "/train/grad_norm") == [1, 2, 3]
    totals = rrd.scalars(path, "/train/grad_norm")[1]
    assert (parts**0.5).tolist() == pytest.approx(totals.tolist(), rel=1e-4)


def test_the_culprit_is_named_before_clipping_spreads_it(tmp_path: Path) -> None:
    """At its step, by its name."""
    callback = make_callback(tmp_path, monitors=EACH)
    trainer = Spoils(
        make_model(), make_arguments(tmp_path), train_dataset=Digits(12), callbacks=[callback]
    )
    with callback:
        trainer.train()

    events = [line for line in rrd.text_log(recording(callback)) if line[1] == "/events"]
    assert events[0][0] == 2
    assert events[0][3] == "gradient of vit.layernorm.weight became NaN at step 2"


def test_training_again_is_watched_again(tmp_path: Path) -> None:
    """In the next attempt; and a training that raises leaves nothing behind."""
    callback = make_callback(tmp_path, monitors=EACH)
    with callback:
        trainer = make_trainer(tmp_path, callback, max_steps=2)
        trainer.train()
        trainer.train()
        assert curve(recording(callback, 1), "/grad_norm/classifier") == [1, 2]
        run_of(callback).flush()
    assert curve(recording(callback, 2), "/grad_norm/classifier") == [1, 2]
    assert not trainer.optimizer.optimizer._optimizer_step_pre_hooks


def test_monitors_can_be_left_out(tmp_path: Path) -> None:
    """Then there is what the Trainer logs."""
    callback = make_callback(tmp_path, monitors=False)
    with callback:
        make_trainer(tmp_path, callback).train()

    found = rrd.scalar_paths(recording(callback))
    assert not [p for p in found if p.startswith(("/time/", "/throughput/", "/system/", "/grad"))]
