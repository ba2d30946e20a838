"""What a `RerunCallback` is made of: arguments, configuration, names, saved models."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from peft import LoraConfig, get_peft_model
from transformers import Trainer

import triptych
from tests.hf.small import Digits, make_callback, make_model, make_trainer, recording, run_of
from tests.support import rrd, wandb_files
from triptych.hf import RerunCallback, register
from triptych.hf.names import numbers


def story(callback: RerunCallback) -> dict[str, Any]:
    """What `run.json` says."""
    found: dict[str, Any] = json.loads((run_of(callback).dir / "run.json").read_text())
    return found


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"draw": 3}, "draw is a function, None or False, not 3."),
        ({"every": 50}, "every is a cadence such as Every(steps=50), not 50."),
        ({"follow": -1}, "follow is a number of samples, 0 or more, not -1."),
        ({"log_model": True}, 'log_model is False, "end" or "checkpoint", not True.'),
        ({"projekt": "x"}, "got an unexpected keyword argument 'projekt'"),
        ({"run": "digits"}, "run is what triptych.run(...) gives, or None, not 'digits'."),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], message: str) -> None:
    """A mistake shows where the callback is made, in words that say what to give instead."""
    with pytest.raises((TypeError, ValueError)) as caught:
        RerunCallback(**arguments)

    assert str(caught.value) == message


def test_a_run_and_arguments_for_another(tmp_path: Path) -> None:
    """A run that is open cannot be given a name."""
    with (
        triptych.run("digits", root=tmp_path, sinks=[], wandb=False) as run,
        pytest.raises(TypeError, match=r"The run is open already: give name to triptych\.run"),
    ):
        RerunCallback(run, name="vit")


def test_names() -> None:
    """Names are those that users of the Trainer know from W&B; None is left out."""
    assert numbers({"loss": 1.0, "learning_rate": 2.0, "epoch": 0.5, "reward": None}) == {
        "train/loss": 1.0,
        "train/learning_rate": 2.0,
        "train/epoch": 0.5,
    }
    assert numbers({"eval_loss": 1.0, "eval_de_loss": 2.0, "epoch": 1.0}) == {
        "eval/loss": 1.0,
        "eval/de_loss": 2.0,
    }
    assert numbers({"test_accuracy": 1.0}) == {"test/accuracy": 1.0}
    assert numbers({"train_loss": 1.0, "train_runtime": 2.0}) == {
        "train_loss": 1.0,
        "train_runtime": 2.0,
    }


# PEFT 0.21 still uses a name that transformers 5.23 has given up.
@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing:FutureWarning")
def test_configuration(tmp_path: Path) -> None:
    """Arguments, model and adapters are the run's configuration, without a single secret."""
    model = get_peft_model(make_model(), LoraConfig(r=2, target_modules=["q_proj"]))
    callback = make_callback(tmp_path, wandb="offline", config={"mine": 7})
    with callback:
        make_trainer(
            tmp_path,
            callback,
            model=model,
            hub_token="hf_verysecret",  # noqa: S106
            learning_rate=0.25,
        ).train()

    config = story(callback)["config"]
    assert (config["mine"], config["learning_rate"], config["world_size"]) == (7, 0.25, 1)
    assert config["model"]["class"] == "PeftModel"
    assert config["model"]["num_trainable_parameters"] < config["model"]["num_parameters"]
    assert config["peft"]["default"]["r"] == 2
    assert "verysecret" not in json.dumps(config)
    found = wandb_files.wait(wandb_files.folders(run_of(callback).dir / "wandb")[0])
    assert found.config["model"]["num_parameters"] == config["model"]["num_parameters"]


def test_a_run_of_the_user_learns_the_configuration(tmp_path: Path) -> None:
    """What the Trainer knows is added to the settings that the run was opened with."""
    with triptych.run("digits", config={"mine": 7}, root=tmp_path, wandb=False) as run:
        make_trainer(tmp_path, RerunCallback(run, draw=False), learning_rate=0.25).train()

    config = json.loads((run.dir / "run.json").read_text())["config"]
    assert (config["mine"], config["learning_rate"]) == (7, 0.25)
    properties = rrd.properties(run.dir / "recording-1.rrd")
    assert properties["config"]["learning_rate"] == [0.25]


def test_project_and_name_of_the_arguments(tmp_path: Path) -> None:
    """Without arguments of its own, the callback takes those of the Trainer."""
    callback = RerunCallback(root=tmp_path, wandb=False, console=False, draw=False)
    with callback:
        make_trainer(tmp_path, callback, project="reviews", run_name="small").train()

    assert (story(callback)["project"], story(callback)["name"]) == ("reviews", "small")


def test_samples_seen(tmp_path: Path) -> None:
    """An update counts the samples of all its batches."""
    callback = make_callback(tmp_path)
    with callback:
        make_trainer(tmp_path, callback, num_train_epochs=2, gradient_accumulation_steps=3).train()

    _, values = rrd.scalars(recording(callback), "/train/samples_seen")
    assert values.tolist() == [12.0, 24.0]


def test_saves_are_marked(tmp_path: Path) -> None:
    """Each save is an event at its step, with its score; the best one is told."""
    callback = make_callback(tmp_path)
    with callback:
        make_trainer(
            tmp_path,
            callback,
            num_train_epochs=2,
            eval_strategy="epoch",
            save_strategy="epoch",
            metric_for_best_model="loss",
            greater_is_better=False,
            learning_rate=0.01,
        ).train()

    saved = story(callback)["checkpoints"]
    losses = dict(zip(*rrd.scalars(recording(callback), "/eval/loss"), strict=True))
    assert [(one["step"], one["metrics"]) for one in saved] == [
        (step, {"eval_loss": losses[step]}) for step in (3, 6)
    ]
    assert saved[1]["aliases"] == ["latest", "best", "step-6"]
    events = [line for line in rrd.text_log(recording(callback)) if line[1] == "/events"]
    assert [step for step, *_ in events] == [3, 6]


def test_models_in_wandb(tmp_path: Path) -> None:
    """`log_model` queues checkpoints, or the last model, for W&B, also when files are deleted."""
    each = make_callback(tmp_path / "each", wandb="offline", log_model="checkpoint")
    with each:
        saving = {"save_strategy": "steps", "save_steps": 1, "save_total_limit": 1}
        make_trainer(tmp_path / "each", each, **saving).train()
    last = make_callback(tmp_path / "last", wandb="offline", log_model="end")
    with last:
        make_trainer(tmp_path / "last", last).train()

    aliases = []
    for callback in (each, last):
        found = wandb_files.wait(wandb_files.folders(run_of(callback).dir / "wandb")[0])
        aliases.append([sorted(artifact["aliases"]) for artifact in found.artifacts])
    assert aliases[0] == [["latest", f"step-{step}"] for step in (1, 2, 3)]
    assert aliases[1] == [["final", "latest", "step-3"]]
    again = type(make_model()).from_pretrained(run_of(last).dir / "checkpoints" / "step-3")
    assert again.config.hidden_size == 8


def test_pickle(tmp_path: Path) -> None:
    """A copy in another process has no run, and opens its own."""
    callback = make_callback(tmp_path, follow=2)
    with callback:
        make_trainer(tmp_path, callback).train()
        copy = pickle.loads(pickle.dumps(callback))  # noqa: S301  # what a worker does
        assert copy.run is None
        with copy:
            make_trainer(tmp_path, copy).train()

    assert run_of(copy).id != run_of(callback).id


def test_report_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After `register`, `report_to="rerun"` adds the callback, made as it was told."""
    from transformers.integrations import integration_utils

    monkeypatch.setattr(
        integration_utils,
        "INTEGRATION_TO_CALLBACK",
        dict(integration_utils.INTEGRATION_TO_CALLBACK),
    )
    register(project="reviews", root=tmp_path, wandb=False, console=False, draw=False)
    trainer = make_trainer(tmp_path, None, report_to="rerun")
    (callback,) = [
        one for one in trainer.callback_handler.callbacks if isinstance(one, RerunCallback)
    ]
    with callback:
        trainer.train()

    assert story(callback)["project"] == "reviews"
    with pytest.raises(TypeError, match="projekt"):
        register(projekt="reviews")


def test_two_trainers(tmp_path: Path) -> None:
    """Each Trainer with a callback of its own has a run of its own."""
    callbacks = [make_callback(tmp_path), make_callback(tmp_path)]
    for callback in callbacks:
        with callback:
            plain = make_trainer(tmp_path, None)
            Trainer(make_model(), plain.args, train_dataset=Digits(4), callbacks=[callback]).train()

    assert len({run_of(callback).id for callback in callbacks}) == 2
