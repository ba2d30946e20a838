"""A loss that is not a number is seen, although the Trainer logs 0 in its place."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from transformers import Trainer

from tests.hf.small import make_callback, make_model, make_trainer, recording, run_of
from tests.support import rrd, wandb_files

TOLD = (
    "the {} is nan at step {}; the Trainer's logging_nan_inf_filter shows such a loss as 0 or as "
    "the mean of earlier ones"
)


class Spoils(Trainer):
    """Makes the loss of the second update NaN."""

    in_model = True

    def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Through the pixels, so that the model returns it, or behind the model's back."""
        spoil = self.state.global_step == 1
        if spoil and self.in_model:
            inputs["pixel_values"] = inputs["pixel_values"] * math.nan
        loss = super().compute_loss(model, inputs, *args, **kwargs)
        return loss * math.nan if spoil and not self.in_model else loss


class SpoilsLater(Spoils):
    """The model returns a sound loss."""

    in_model = False


def spoil(folder: Path, kind: type[Spoils]) -> Any:
    """Train with a loss that goes wrong, and make sure that the Trainer hides it."""
    callback = make_callback(folder, wandb="offline")
    plain = make_trainer(folder, None)
    with callback:
        trainer = kind(
            make_model(), plain.args, train_dataset=plain.train_dataset, callbacks=[callback]
        )
        trainer.train()
    shown = [row["loss"] for row in trainer.state.log_history if "loss" in row]
    assert shown[1] == 0.0  # what it hides
    return callback


def test_the_loss_is_told_in_all_three_places(tmp_path: Path) -> None:
    """An event at the step of the first one, and NaN in the curve where the Trainer says 0."""
    callback = spoil(tmp_path, Spoils)
    told = TOLD.format("loss", 2)

    steps, values = rrd.scalars(recording(callback), "/train/loss")
    assert steps.tolist() == [1, 2, 3]
    assert [math.isnan(value) for value in values] == [False, True, True]
    events = [line for line in rrd.text_log(recording(callback)) if line[1] == "/events"]
    assert events == [(2, "/events", "INFO", told)]
    run = wandb_files.wait(wandb_files.folders(run_of(callback).dir / "wandb")[0])
    assert run.curve("events") == [(2, told)]
    assert any(math.isnan(value) for _, value in run.curve("train/loss"))
    assert f"step 2 train | event: {told}" in (run_of(callback).dir / "train.log").read_text()


def test_the_gradient_norm_tells_what_the_model_does_not(tmp_path: Path) -> None:
    """A loss that was made outside of the model is seen by the norm of its gradients."""
    callback = spoil(tmp_path, SpoilsLater)

    events = [line for line in rrd.text_log(recording(callback)) if line[1] == "/events"]
    assert (2, "/events", "INFO", TOLD.format("gradient norm", 2)) in events
