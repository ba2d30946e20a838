"""A checkpoint knows its run: `fit(ckpt_path=...)` goes on there."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.strategies import SingleDeviceStrategy

from tests.lightning.small import QUIET, Small, curve, loader, make_logger, make_trainer
from triptych.lightning import RerunLogger

pytestmark = [
    *QUIET,
    pytest.mark.filterwarnings("ignore:Be aware that when using .ckpt_path.:UserWarning"),
    pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists and is not empty"),
]


class LoadsLate(SingleDeviceStrategy):
    """Loads a checkpoint when FSDP and DeepSpeed do: after the loggers were told everything."""

    @property
    def restore_checkpoint_after_setup(self) -> bool:
        """As asked by the Trainer."""
        return True


def _keeper() -> ModelCheckpoint:
    """Remembers two models, in the folder that Lightning finds for them."""
    return ModelCheckpoint(monitor="train/loss", save_top_k=2)


def _saved(folder: Path) -> tuple[Path, RerunLogger]:
    """A checkpoint after update 4, in the folder of its run."""
    with make_logger(folder) as logger:
        trainer = make_trainer(
            folder, logger, max_epochs=1, enable_checkpointing=True, callbacks=[_keeper()]
        )
        trainer.fit(Small(), loader())
    (path,) = Path(logger.save_dir).glob("checkpoints/*.ckpt")
    return path, logger


def _go_on(folder: Path, logger: RerunLogger, path: Path, **options: Any) -> None:
    with logger:
        trainer = make_trainer(folder, logger, **options)
        trainer.fit(Small(), loader(), ckpt_path=path)


def test_training_from_a_checkpoint_goes_on_in_its_run(tmp_path: Path) -> None:
    """A new logger that was told nothing of it: the same folder, a new attempt, the next steps.

    ModelCheckpoint knows the models from before, which it forgets when its folder changes.
    """
    path, first = _saved(tmp_path)
    second = make_logger(tmp_path)
    keep = _keeper()
    _go_on(tmp_path, second, path, enable_checkpointing=True, callbacks=[keep])

    assert second.save_dir == first.save_dir
    assert curve(second, "train/loss", attempt=2) == [5, 6, 7, 8]
    assert len(keep.best_k_models) == 2
    assert str(path) in keep.best_k_models
    assert [run.name for run in path.parents[2].iterdir()] == [Path(first.save_dir).name]


@pytest.mark.parametrize("late", [True, False])
def test_a_checkpoint_that_cannot_be_looked_into_is_asked_once_it_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, late: bool
) -> None:
    """One on another machine, or of a strategy that loads late."""
    path, first = _saved(tmp_path)
    monkeypatch.setattr("triptych.lightning.logger.checkpoint_ahead", lambda _: None)
    second = make_logger(tmp_path)
    strategy = LoadsLate("cpu") if late else "auto"
    _go_on(tmp_path, second, path, strategy=strategy)

    assert second.save_dir == first.save_dir
    assert curve(second, "train/loss", attempt=2) == [5, 6, 7, 8]


def test_a_run_that_is_gone_begins_anew_and_says_so(tmp_path: Path) -> None:
    """The steps go on all the same."""
    path, first = _saved(tmp_path)
    shutil.copy(path, tmp_path / "model.ckpt")
    shutil.rmtree(first.save_dir)
    second = make_logger(tmp_path, sinks=None)
    _go_on(tmp_path, second, tmp_path / "model.ckpt")

    assert second.save_dir != first.save_dir
    assert curve(second, "train/loss") == [5, 6, 7, 8]
    said = (Path(second.save_dir) / "train.log").read_text()
    assert f"The run {Path(first.save_dir).name!r} that saved this checkpoint is not to be" in said


@pytest.mark.parametrize("how", ["False", "another run", "another project", "an open run"])
def test_what_the_user_says_comes_first(tmp_path: Path, how: str) -> None:
    """The checkpoint's step is kept in any case."""
    path, first = _saved(tmp_path)
    if how == "another run":
        with make_logger(tmp_path) as other:
            other.log_metrics({"a": 1.0}, step=1)
        second = make_logger(tmp_path, resume=Path(other.save_dir).name)
    elif how == "another project":
        second = RerunLogger("letters", root=tmp_path / "runs", console=False, wandb=False)
    else:
        second = make_logger(tmp_path, resume=False if how == "False" else None)
    if how == "an open run":
        second.experiment.event("open before the checkpoint is known")
    _go_on(tmp_path, second, path)

    assert second.save_dir != first.save_dir
    attempt = 2 if how == "another run" else 1
    assert curve(second, "train/loss", attempt) == [5, 6, 7, 8]


def test_a_run_that_this_process_has_open_is_shared(tmp_path: Path) -> None:
    """As in a notebook, where the first logger was not closed: what goes on is one run."""
    first = make_logger(tmp_path)
    trainer = make_trainer(tmp_path, first, max_epochs=1)
    trainer.fit(Small(), loader())
    trainer.save_checkpoint(tmp_path / "model.ckpt")
    second = make_logger(tmp_path)
    _go_on(tmp_path, second, tmp_path / "model.ckpt")

    assert second.save_dir == first.save_dir
    assert curve(second, "train/loss") == [1, 2, 3, 4, 5, 6, 7, 8]
