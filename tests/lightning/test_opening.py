"""The run opens when there is something to keep, and stays open as long as it is needed."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.tuner import Tuner
from torch import Tensor

import triptych
from tests.lightning.small import (
    QUIET,
    Batch,
    Small,
    curve,
    loader,
    make_logger,
    make_trainer,
    recording,
)
from tests.support import rrd
from tests.support.faults import Fault
from triptych.lightning import RerunLogger
from triptych.lightning.experiment import Elsewhere
from triptych.sinks.memory import MemorySink

pytestmark = QUIET


def test_what_trains_nothing_leaves_no_run(tmp_path: Path) -> None:
    """fast_dev_run, a search for the learning rate, and prediction alone."""
    logger = make_logger(tmp_path)
    model = Small()
    make_trainer(tmp_path, logger, fast_dev_run=True).fit(model, loader(), loader())
    Tuner(make_trainer(tmp_path, logger)).lr_find(model, loader(), num_training=5)
    make_trainer(tmp_path, logger).predict(model, loader())
    assert logger.experiment is not None
    assert logger.close()

    assert not (tmp_path / "runs").exists()


def test_after_a_search_the_training_is_recorded_alone(tmp_path: Path) -> None:
    """The steps of the search are not those of the training."""
    with make_logger(tmp_path) as logger:
        trainer = make_trainer(tmp_path, logger, max_epochs=1)
        model = Small()
        Tuner(trainer).lr_find(model, loader(), num_training=5)
        trainer.fit(model, loader())

    assert curve(logger, "train/loss") == [1, 2, 3, 4]


class LastWords(Callback):
    """Logs at the very end of each entry point."""

    def on_fit_end(self, trainer: object, pl_module: Small) -> None:
        """After training."""
        pl_module.logger.log_metrics({"said/fit": 1.0})  # type: ignore[union-attr]

    def on_validation_end(self, trainer: object, pl_module: Small) -> None:
        """After validation."""
        pl_module.logger.log_metrics({"said/validate": 2.0})  # type: ignore[union-attr]

    def on_test_end(self, trainer: object, pl_module: Small) -> None:
        """After a test."""
        pl_module.logger.log_metrics({"said/test": 3.0})  # type: ignore[union-attr]

    def on_predict_end(self, trainer: object, pl_module: Small) -> None:
        """After prediction."""
        pl_module.logger.log_metrics({"said/predict": 4.0})  # type: ignore[union-attr]


def test_it_lives_through_all_entry_points_and_each_is_flushed(tmp_path: Path) -> None:
    """fit, validate, test and predict on one logger: what was said last has arrived after each."""
    memory = MemorySink()
    logger = make_logger(tmp_path, sinks=[memory])
    trainer = make_trainer(tmp_path, logger, max_epochs=1, callbacks=[LastWords()])
    model = Small()
    arrived = []
    for entry in (trainer.fit, trainer.validate, trainer.test, trainer.predict):
        entry(model, loader(2))
        arrived.append(sorted(path for path in memory.numbers if path.startswith("said/")))
    logger.close()

    assert arrived == [
        ["said/fit"],
        ["said/fit", "said/validate"],
        ["said/fit", "said/test", "said/validate"],
        ["said/fit", "said/predict", "said/test", "said/validate"],
    ]
    assert memory.status == "finished"


def test_hyperparameters_become_the_configuration(tmp_path: Path) -> None:
    """Those of the module beside those of the logger, without Lightning's own."""
    memory = MemorySink()
    logger = make_logger(tmp_path, sinks=[memory], config={"data": "digits"})
    logger.log_hyperparams({"_class_path": "x", "depth": 3})
    make_trainer(tmp_path, logger, max_epochs=1).fit(Small(lr=0.5), loader(1))
    logger.close()

    assert memory.info is not None
    assert memory.info.config == {"data": "digits", "depth": 3, "lr": 0.5}


def test_models_go_to_the_run_folder(tmp_path: Path) -> None:
    """Lightning's own choice of a place, with nothing said about it."""
    with make_logger(tmp_path) as logger:
        trainer = make_trainer(tmp_path, logger, max_epochs=1, enable_checkpointing=True)
        trainer.fit(Small(), loader(2))

    assert trainer.log_dir == logger.save_dir
    folder = Path(logger.save_dir)
    assert [path.name for path in (folder / "checkpoints").iterdir()] == ["epoch=0-step=2.ckpt"]
    assert (folder.parent.name, folder.stat().st_mode & 0o777) == ("digits", 0o700)


def test_pickled_and_copied_loggers_share_the_run(tmp_path: Path, fault: Fault) -> None:
    """Before it opens and after, alone and in a Trainer: one recording has what all have logged."""
    logger = make_logger(tmp_path)
    early = pickle.loads(pickle.dumps(logger))  # noqa: S301  # our own
    logger.log_metrics({"a": 1.0}, step=1)
    trainer = pickle.loads(pickle.dumps(make_trainer(tmp_path, logger)))  # noqa: S301
    for step, other in enumerate([early, trainer.logger, copy.deepcopy(logger)], 2):
        other.log_metrics({"a": 1.0}, step=step)
        assert (other.name, other.save_dir) == (logger.name, logger.save_dir)
    assert logger.close()

    assert curve(logger, "a") == [1, 2, 3, 4]
    assert not recording(logger, 2).exists()
    fault("pickled", kept="one run; a copy in another process opens none")


def test_a_run_that_is_open_already_stays_open(tmp_path: Path) -> None:
    """What was opened elsewhere is closed elsewhere, also after an exception."""

    class Broken(Small):
        def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
            raise ArithmeticError("odd")

    memory = MemorySink()
    run = triptych.run("mine", root=tmp_path, sinks=[memory], console=False)
    logger = RerunLogger(run=run)
    with pytest.raises(ArithmeticError):
        make_trainer(tmp_path, logger).fit(Broken(), loader())
    run.log({"after": 1.0})
    assert run.close()

    assert logger.experiment is run
    assert memory.numbers["after"] == [(1, 1.0)]
    assert memory.status == "failed"


def test_on_other_ranks_everything_can_be_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No folder, no error: `log`, loops, and what other back ends have."""
    monkeypatch.setenv("RANK", "1")
    logger = make_logger(tmp_path)
    logger.log_metrics({"a": 1.0}, step=1)
    logger.log_image("picture", [torch.zeros(1, 4, 4)])
    experiment = logger.experiment
    experiment.log({"a": 1.0})
    assert experiment.config.update({"a": 1}) is None
    assert list(experiment.steps([1, 2])) == [1, 2]
    logger.finalize("success")

    assert isinstance(experiment, Elsewhere)
    assert not (tmp_path / "runs").exists()


def test_the_experiment_opens_the_run_when_it_is_used(tmp_path: Path) -> None:
    """Touching it does nothing, asking it for something does."""
    logger = make_logger(tmp_path)
    experiment = logger.experiment
    assert not (tmp_path / "runs").exists()
    experiment.event("begun")
    assert isinstance(logger.experiment, triptych.Run)
    logger.close()

    assert ("/events", "begun") in [(row[1], row[3]) for row in rrd.text_log(recording(logger))]


def test_a_prefix_stands_before_each_name(tmp_path: Path) -> None:
    """As in Lightning's own loggers, with a "-"."""
    with make_logger(tmp_path, prefix="my") as logger:
        logger.log_metrics({"test": 1.0}, step=0)

    assert rrd.scalar_paths(recording(logger)) == {"/my-test"}


def test_a_sanity_check_leaves_nothing_of_its_own(tmp_path: Path) -> None:
    """A training that is stopped before its first update has no number."""
    with make_logger(tmp_path) as logger:
        make_trainer(tmp_path, logger, max_epochs=0, num_sanity_val_steps=2).fit(
            Small(), loader(), loader()
        )

    assert not (tmp_path / "runs").exists()


def test_a_checkpoint_loads_without_us(tmp_path: Path) -> None:
    """What the logger leaves in it disturbs nobody: weights only, no logger, no warning."""
    saved = tmp_path / "model.ckpt"
    with make_logger(tmp_path) as logger:
        first = make_trainer(tmp_path, logger, max_epochs=1)
        first.fit(Small(), loader())
        first.save_checkpoint(saved)
    second = make_trainer(tmp_path, logger=False)
    second.fit(Small(), loader(), ckpt_path=saved, weights_only=True)

    assert second.global_step == 8
