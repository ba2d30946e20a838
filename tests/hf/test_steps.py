"""What the Trainer does lands at the step of the optimizer update it belongs to."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from transformers import TrainerCallback

from tests.hf.small import Digits, curve, make_callback, make_trainer, recording, run_of
from tests.support import rrd, wandb_files

CASES: dict[str, tuple[dict[str, Any], dict[str, list[int]]]] = {
    "every update": ({}, {"/train/loss": [1, 2, 3], "/train_loss": [3]}),
    "accumulation counts updates, the last, lonely batch is one": (
        {"gradient_accumulation_steps": 2, "num_train_epochs": 2},
        {"/train/loss": [1, 2, 3, 4]},
    ),
    "logging_first_step": (
        {"logging_steps": 2, "logging_first_step": True},
        {"/train/loss": [1, 2]},
    ),
    "a window that is not full is not logged": (
        {"logging_steps": 2, "max_steps": 5},
        {"/train/loss": [2, 4], "/train_loss": [5]},
    ),
    "eval_on_start": (
        {"eval_on_start": True, "eval_strategy": "epoch"},
        {"/train/loss": [1, 2, 3], "/eval/loss": [0, 3]},
    ),
    "max_steps in mid-epoch": (
        {"max_steps": 4, "eval_strategy": "steps", "eval_steps": 2},
        {"/train/loss": [1, 2, 3, 4], "/eval/loss": [2, 4]},
    ),
    "several evaluation sets": (
        {"eval_strategy": "epoch", "eval_dataset": {"a": Digits(4, 20), "b": Digits(4, 30)}},
        {"/train/loss": [1, 2, 3], "/eval/a_loss": [3], "/eval/b_loss": [3]},
    ),
}


@pytest.mark.parametrize(("changes", "expected"), CASES.values(), ids=CASES.keys())
def test_steps(tmp_path: Path, changes: dict[str, Any], expected: dict[str, list[int]]) -> None:
    """Each curve has exactly the steps of the updates at which its values were made."""
    callback = make_callback(tmp_path)
    with callback:
        make_trainer(tmp_path, callback, **changes).train()

    assert {entity: curve(recording(callback), entity) for entity in expected} == expected


def test_wandb_has_the_same_steps(tmp_path: Path) -> None:
    """W&B's rows carry the recording's steps and values, on their own axis."""
    callback = make_callback(tmp_path, wandb="offline")
    with callback:
        make_trainer(tmp_path, callback, eval_strategy="epoch", logging_steps=3).train()

    found = wandb_files.wait(wandb_files.folders(run_of(callback).dir / "wandb")[0])
    for name in ("train/loss", "eval/loss"):
        steps, values = rrd.scalars(recording(callback), f"/{name}")
        assert found.curve(name) == list(zip(steps.tolist(), values.tolist(), strict=True))
        assert steps.tolist() == [3]


def test_epochs_and_phases(tmp_path: Path) -> None:
    """Numbers carry the epoch; lines of the log carry the phase as well."""
    callback = make_callback(tmp_path)
    with callback:
        make_trainer(tmp_path, callback, num_train_epochs=2, eval_strategy="epoch").train()

    by_epoch, _ = rrd.scalars(recording(callback), "/train/loss", timeline="epoch")
    evaluated, _ = rrd.scalars(recording(callback), "/eval/loss", timeline="epoch")
    assert by_epoch.tolist() == [0, 0, 0, 1, 1, 1]
    assert evaluated.tolist() == [0, 1]
    lines = (run_of(callback).dir / "train.log").read_text()
    assert "step 6 train | numbers: train/loss" in lines
    assert "step 6 val | numbers: eval/loss" in lines


def test_a_second_training_is_an_attempt(tmp_path: Path) -> None:
    """`train()` again starts at step 1 in a recording of its own: no curve jumps back."""
    callback = make_callback(tmp_path)
    with callback:
        trainer = make_trainer(tmp_path, callback)
        trainer.train()
        trainer.evaluate()
        trainer.train()

    assert curve(recording(callback, 1), "/train/loss") == [1, 2, 3]
    assert curve(recording(callback, 1), "/eval/loss") == [3]
    assert curve(recording(callback, 2), "/train/loss") == [1, 2, 3]


def test_resume_continues_the_run(tmp_path: Path) -> None:
    """A checkpoint knows its run: a new Trainer goes on there, at the checkpoint's step."""
    first = make_callback(tmp_path)
    with first:
        saving = {"save_strategy": "steps", "save_steps": 2, "max_steps": 3}
        make_trainer(tmp_path, first, **saving).train()
    second = make_callback(tmp_path)
    with second:
        trainer = make_trainer(tmp_path, second, max_steps=5)
        trainer.train(resume_from_checkpoint=str(tmp_path / "out" / "checkpoint-2"))

    assert run_of(second).id == run_of(first).id
    assert curve(recording(first, 1), "/train/loss") == [1, 2, 3]
    assert curve(recording(second, 2), "/train/loss") == [3, 4, 5]
    saved = json.loads((tmp_path / "out" / "checkpoint-2" / "trainer_state.json").read_text())
    origin = {"run_id": run_of(first).id, "step": 2, "root": str(tmp_path / "runs")}
    assert saved["stateful_callbacks"]["triptych"] == origin


@pytest.mark.parametrize("how", ["resume=False", "another project", "its folder is gone"])
def test_resume_in_a_new_run(tmp_path: Path, how: str) -> None:
    """Where the user says so, or the run is not there: at the checkpoint's step all the same."""
    first = make_callback(tmp_path)
    with first:
        make_trainer(tmp_path, first, save_strategy="steps", save_steps=2).train()
    changes: dict[str, dict[str, Any]] = {
        "resume=False": {"resume": False},
        "another project": {"project": "letters"},
        "its folder is gone": {},
    }
    if how == "its folder is gone":
        shutil.rmtree(run_of(first).dir)
    second = make_callback(tmp_path, **changes[how])
    with second:
        trainer = make_trainer(tmp_path, second, max_steps=4)
        trainer.train(resume_from_checkpoint=str(tmp_path / "out" / "checkpoint-2"))

    assert run_of(second).id != run_of(first).id
    assert curve(recording(second), "/train/loss") == [3, 4]
    said = (run_of(second).dir / "train.log").read_text()
    why = f"The run '{run_of(first).id}' that saved this checkpoint is"
    assert (why in said) == (how != "resume=False")


def test_resume_with_restored_callbacks(tmp_path: Path) -> None:
    """`restore_callback_states_from_checkpoint` leaves the callback, and its draw, in place."""
    first = make_callback(tmp_path)
    with first:
        make_trainer(tmp_path, first, save_strategy="epoch").train()
    second = make_callback(tmp_path)
    with second:
        trainer = make_trainer(
            tmp_path, second, num_train_epochs=2, restore_callback_states_from_checkpoint=True
        )
        trainer.train(resume_from_checkpoint=True)

    assert second in trainer.callback_handler.callbacks
    assert curve(recording(second, 2), "/train/loss") == [4, 5, 6]


def test_smaller_batches_are_an_attempt(tmp_path: Path) -> None:
    """`auto_find_batch_size` starts over: what was tried before stays in its own recording."""

    class FullAtFirst(TrainerCallback):
        """The device is out of memory in the second update, with batches of 4."""

        def on_step_end(self, _args: Any, state: Any, *_rest: Any, **_more: Any) -> None:
            if state.train_batch_size > 3 and state.global_step == 2:
                raise RuntimeError("CUDA out of memory.")

    callback = make_callback(tmp_path)
    with callback:
        trainer = make_trainer(tmp_path, callback, auto_find_batch_size=True)
        trainer.add_callback(FullAtFirst())
        trainer.train()

    assert curve(recording(callback, 1), "/train/loss") == [1]
    assert curve(recording(callback, 2), "/train/loss") == [1, 2, 3, 4]  # of 3
    assert run_of(callback).status == "finished"


def test_evaluate_and_predict_without_training(tmp_path: Path) -> None:
    """A model that nobody has trained here is evaluated at step 0, in the phases val and test."""
    callback = make_callback(tmp_path)
    with callback:
        trainer = make_trainer(tmp_path, callback)
        trainer.evaluate()
        trainer.predict(Digits(4))

    assert curve(recording(callback), "/eval/loss") == [0]
    assert curve(recording(callback), "/test/loss") == [0]
    lines = (run_of(callback).dir / "train.log").read_text()
    assert "step 0 val | numbers: eval/loss" in lines
    assert "step 0 test | numbers: test/loss" in lines


def test_a_saved_model_is_evaluated_at_its_step(tmp_path: Path) -> None:
    """A model loaded from the checkpoint of step 2 is evaluated at 2, in the run it came from."""
    first = make_callback(tmp_path)
    with first:
        make_trainer(tmp_path, first, save_strategy="steps", save_steps=2).train()
    second = make_callback(tmp_path)
    with second:
        saved = type(make_trainer(tmp_path, None).model).from_pretrained(
            tmp_path / "out" / "checkpoint-2"
        )
        make_trainer(tmp_path, second, model=saved).evaluate()

    assert run_of(second).id == run_of(first).id
    assert curve(recording(second, 2), "/eval/loss") == [2]


def test_what_is_logged_within_an_update_carries_it(tmp_path: Path) -> None:
    """While update k is made, the Trainer stamps what it logs with k - 1; we do not."""
    callback = make_callback(tmp_path)

    class Talks(type(make_trainer(tmp_path, None))):  # type: ignore[misc]
        def compute_loss(self, *args: Any, **kwargs: Any) -> Any:
            loss = super().compute_loss(*args, **kwargs)
            first = loss[0] if isinstance(loss, tuple) else loss
            self.log({"inner": float(first.detach())})
            return loss

    plain = make_trainer(tmp_path, None)
    with callback:
        trainer = Talks(plain.model, plain.args, train_dataset=Digits(12), callbacks=[callback])
        trainer.train()

    assert curve(recording(callback), "/train/inner") == [1, 2, 3]
