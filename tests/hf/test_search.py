"""In a hyperparameter search each trial is a run, and one group holds them together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.hf.small import curve, make_callback, make_model, make_trainer, run_of
from tests.support import wandb_files

# Optuna 5.0 and SQLAlchemy 2.1 warn about each other.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:optuna")


def fresh_model() -> Any:
    """A Trainer gives the trial to a `model_init` that takes an argument."""
    return make_model()


def test_a_run_for_each_trial(tmp_path: Path) -> None:
    """Trials are numbered, hold what was chosen for them, and finish one by one."""
    callback = make_callback(tmp_path, wandb="offline")
    trainer = make_trainer(
        tmp_path, callback, model_init=fresh_model, eval_strategy="epoch", save_strategy="epoch"
    )

    def space(trial: Any) -> dict[str, Any]:
        return {"learning_rate": trial.suggest_float("learning_rate", 1e-4, 1e-2)}

    trainer.hyperparameter_search(space, n_trials=2, direction="minimize")

    assert callback.run is None  # the search is over, and its last trial too
    folders = sorted((tmp_path / "runs" / "digits").iterdir())
    stories = [json.loads((folder / "run.json").read_text()) for folder in folders]
    assert [story["name"] for story in stories] == ["trial 1", "trial 2"]
    assert [story["status"] for story in stories] == ["finished", "finished"]
    assert {story["group"] for story in stories} == {f"search in {tmp_path / 'out'}"}
    rates = [story["config"]["trial"]["learning_rate"] for story in stories]
    assert rates == [story["config"]["learning_rate"] for story in stories]
    assert rates[0] != rates[1]
    for folder, story in zip(folders, stories, strict=True):
        assert curve(folder / "recording-1.rrd", "/train/loss") == [1, 2, 3]
        assert [saved["step"] for saved in story["checkpoints"]] == [3]
        assert Path(story["checkpoints"][0]["path"]).is_dir()
        assert wandb_files.wait(wandb_files.folders(folder / "wandb")[0]).exit_code == 0


def test_training_after_a_search_is_a_run_of_its_own(tmp_path: Path) -> None:
    """It has no group, and is not a further attempt of the last trial."""
    callback = make_callback(tmp_path)
    trainer = make_trainer(tmp_path, callback, model_init=fresh_model)
    trainer.hyperparameter_search(lambda _: {}, n_trials=1, direction="minimize")
    with callback:
        trainer.train()

    story = json.loads((run_of(callback).dir / "run.json").read_text())
    assert (story["group"], len(story["attempts"])) == (None, 1)
    assert len(list((tmp_path / "runs" / "digits").iterdir())) == 2
