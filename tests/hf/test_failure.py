"""A training that raises leaves its status, its traceback and its step in all three places."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from optuna import TrialPruned
from transformers import TrainerCallback

import triptych
from tests.hf.small import curve, make_callback, make_trainer, recording, run_of
from tests.support import rrd, wandb_files
from triptych import Run
from triptych.hf import RerunCallback


class Breaks(TrainerCallback):
    """Does something while the third update is made."""

    def __init__(self, action: Callable[[], None]) -> None:
        self.action = action

    def on_substep_end(self, _args: Any, state: Any, *_rest: Any, **_more: Any) -> None:
        """A batch is through that does not complete an update; two updates make an epoch."""
        if state.global_step == 2:
            self.action()


def break_training(folder: Path, callback: RerunCallback, action: Callable[[], None]) -> None:
    """Train with two batches to an update; the action comes in the second epoch."""
    trainer = make_trainer(folder, callback, gradient_accumulation_steps=2, num_train_epochs=2)
    trainer.add_callback(Breaks(action))
    trainer.train()


def fail() -> None:
    """What goes wrong."""
    raise ValueError("the data is spoilt")


def assert_failed(run: Run) -> None:
    """The recording, `run.json` and W&B say so; the traceback is at step 3."""
    errors = [line for line in rrd.text_log(run.dir / "recording-1.rrd") if line[1] == "/errors"]
    ((step, _, level, text),) = errors
    assert (step, level) == (3, "CRITICAL")
    assert text.startswith("Traceback")
    assert text.rstrip().endswith("ValueError: the data is spoilt")
    assert json.loads((run.dir / "run.json").read_text())["status"] == "failed"
    found = wandb_files.wait(wandb_files.folders(run.dir / "wandb")[0])
    assert found.exit_code == 1
    assert found.summary["error"] == "ValueError: the data is spoilt"


def fails(folder: Path, callback: RerunCallback) -> None:
    """A training that raises, and somebody who catches it."""
    with pytest.raises(ValueError, match="the data is spoilt"):
        break_training(folder, callback, fail)


def test_a_run_of_the_user_around_it(tmp_path: Path) -> None:
    """`with triptych.run(...)`: the failure is recorded once, and the run ends with the block."""
    options: dict[str, Any] = {"root": tmp_path, "wandb": "offline", "console": False}
    with triptych.run("digits", **options) as run:
        fails(tmp_path, RerunCallback(run, draw=False))
        assert run.exit_code is None

    assert_failed(run)


def test_the_callback_around_it(tmp_path: Path) -> None:
    """`with callback:` is not needed, and does no harm."""
    callback = make_callback(tmp_path, wandb="offline")
    with callback:
        fails(tmp_path, callback)

    assert_failed(run_of(callback))


def test_nothing_around_it(tmp_path: Path) -> None:
    """The run has ended as failed when the exception arrives at the caller, who may catch it."""
    callback = make_callback(tmp_path, wandb="offline")
    fails(tmp_path, callback)

    assert_failed(run_of(callback))


def test_trying_again_continues_the_run(tmp_path: Path) -> None:
    """After a failure that was caught, training goes on in a new attempt of the same run."""
    callback = make_callback(tmp_path)
    fails(tmp_path, callback)
    before = run_of(callback).id
    with callback:
        make_trainer(tmp_path, callback).train()

    story = json.loads((run_of(callback).dir / "run.json").read_text())
    assert run_of(callback).id == before
    assert [attempt["status"] for attempt in story["attempts"]] == ["failed", "finished"]
    assert curve(recording(callback, 2), "/train/loss") == [1, 2, 3]


def test_pruning_is_no_failure(tmp_path: Path) -> None:
    """Optuna ends a hopeless trial by an exception, and the run has finished."""
    callback = make_callback(tmp_path)

    def prune() -> None:
        raise TrialPruned

    with pytest.raises(TrialPruned):
        break_training(tmp_path, callback, prune)

    assert run_of(callback).status == "finished"
    assert (3, "/events", "INFO", "trial pruned") in rrd.text_log(recording(callback))


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_signals_interrupt(tmp_path: Path, sent: signal.Signals) -> None:
    """What is on its way when somebody stops the training is in the recording."""
    callback = make_callback(tmp_path)

    with pytest.raises((KeyboardInterrupt, SystemExit)):
        break_training(tmp_path, callback, lambda: os.kill(os.getpid(), sent))

    assert run_of(callback).status == "interrupted"
    assert curve(recording(callback), "/train/loss") == [1, 2]
    assert rrd.verify(recording(callback)) == 0


def test_a_callback_that_comes_late(tmp_path: Path) -> None:
    """Added after the Trainer was made, it learns of failures from the second training on."""
    callback = make_callback(tmp_path)
    trainer = make_trainer(tmp_path, None, gradient_accumulation_steps=2)
    trainer.add_callback(callback)
    trainer.train()
    trainer.evaluate()
    trainer.args.num_train_epochs = 2
    trainer.add_callback(Breaks(fail))
    with pytest.raises(ValueError, match="the data is spoilt"):
        trainer.train()

    assert run_of(callback).status == "failed"
    assert curve(recording(callback, 1), "/eval/loss") == [2]
