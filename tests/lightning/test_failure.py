"""What goes wrong in a Trainer is recorded; what goes wrong here does not reach it."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import lightning as L  # noqa: N812
import pytest
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor

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
from tests.support import environment, rrd, run_folder
from tests.support.sinks import FailingSink
from triptych.lightning import RerunLogger, VisualCallback
from triptych.pipeline.cadence import Every
from triptych.pipeline.records import Status

pytestmark = QUIET


class Broken(Small):
    """Raises while the third update is made."""

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """One batch."""
        if batch_idx == 2:
            raise ArithmeticError("the third batch is odd")
        return super().training_step(batch, batch_idx)


def _story(logger: RerunLogger) -> dict[str, Any]:
    story: dict[str, Any] = json.loads((Path(logger.save_dir) / "run.json").read_text("utf-8"))
    return story


def test_an_exception_that_is_caught_is_recorded_in_all_three_places(tmp_path: Path) -> None:
    """Status failed, the traceback at step 3, and W&B's exit code 1, at once."""
    logger = make_logger(tmp_path, wandb="offline")
    with pytest.raises(ArithmeticError):
        make_trainer(tmp_path, logger).fit(Broken(), loader())

    panels = run_folder.Panels(Path(logger.save_dir))
    assert (panels.story["status"], panels.story["exit_code"]) == ("failed", 1)
    assert panels.story["attempts"][0]["error"] == "ArithmeticError: the third batch is odd"
    told = [
        (step, text.splitlines()[-1])
        for step, entity, _, text in rrd.text_log(recording(logger))
        if entity == "/errors"
    ]
    assert told == [(3, "ArithmeticError: the third batch is odd")]
    assert panels.wandb.exit_code == 1
    assert "ArithmeticError: the third batch is odd" in panels.wandb.console
    assert "in training_step" in panels.log


@pytest.mark.parametrize("place", ["setup", "configure_optimizers", "on_train_start"])
def test_an_exception_before_anything_is_logged_is_recorded(tmp_path: Path, place: str) -> None:
    """Also one so early that the logger has not met its Trainer."""

    def fail(*_args: object, **_options: object) -> None:
        raise ArithmeticError(place)

    model = Small()
    setattr(model, place, fail)
    logger = make_logger(tmp_path)
    with pytest.raises(ArithmeticError):
        make_trainer(tmp_path, logger).fit(model, loader())

    story = _story(logger)
    assert story["status"] == "failed"
    assert story["attempts"][0]["error"] == f"ArithmeticError: {place}"
    assert story["step"] == 0


class Raise(Callback):
    """Raises something at the end of the second batch."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, *about: Any
    ) -> None:
        """Once."""
        if about[-1] == 1:
            raise self.error


def test_ctrl_c_is_an_interruption(tmp_path: Path) -> None:
    """Lightning makes a SystemExit of it; the run says "interrupted"."""
    logger = make_logger(tmp_path)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(SystemExit):
        make_trainer(tmp_path, logger, callbacks=[Raise(KeyboardInterrupt())]).fit(
            Small(), loader()
        )
    signal.signal(signal.SIGINT, before)  # Lightning has it ignored for good

    story = _story(logger)
    assert (story["status"], story["step"], story["exit_code"]) == ("interrupted", 2, 130)


class Terminate(Callback):
    """Sends SIGTERM to its own process after the second batch."""

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, *about: Any
    ) -> None:
        """Once."""
        if about[-1] == 1:
            os.kill(os.getpid(), signal.SIGTERM)


def test_sigterm_is_an_interruption(tmp_path: Path) -> None:
    """Lightning ends the training at the next batch, with an exception of its own."""
    logger = make_logger(tmp_path)
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with pytest.raises(SystemExit):
        make_trainer(tmp_path, logger, callbacks=[Terminate()]).fit(Small(), loader())
    signal.signal(signal.SIGTERM, before)

    story = _story(logger)
    assert (story["status"], story["exit_code"]) == ("interrupted", 143)
    assert story["attempts"][0]["error"].startswith("Terminated")


def test_training_again_after_a_failure_is_a_new_attempt(tmp_path: Path) -> None:
    """The failed attempt stays as it is; the run as a whole has finished."""
    logger = make_logger(tmp_path)
    with pytest.raises(ArithmeticError):
        make_trainer(tmp_path, logger).fit(Broken(), loader())
    make_trainer(tmp_path, logger, max_epochs=1).fit(Small(), loader())
    assert logger.close()

    story = _story(logger)
    assert [attempt["status"] for attempt in story["attempts"]] == ["failed", "finished"]
    assert story["status"] == "finished"
    assert curve(logger, "train/loss") == [1, 2]
    assert curve(logger, "train/loss", attempt=2) == [1, 2, 3, 4]


def test_an_uncaught_exception_ends_the_process_and_is_recorded(tmp_path: Path) -> None:
    """The usual crash of a script: code 1 for the shell, status failed in the folder."""
    program = """
        from pathlib import Path
        from tests.lightning.small import *
        from tests.lightning.test_failure import Broken

        here = Path.cwd()
        make_trainer(here, make_logger(here)).fit(Broken(), loader())
    """
    env = environment.isolated(tmp_path)
    with environment.start(program, env, cwd=tmp_path) as process:
        _, errors = process.communicate(timeout=60)

    assert (process.returncode, errors.splitlines()[-1]) == (
        1,
        "ArithmeticError: the third batch is odd",
    )
    assert run_folder.find(tmp_path / "runs").story["status"] == "failed"


def _weights(folder: Path, logger: Any, **options: Any) -> list[Tensor]:
    torch.manual_seed(1)
    model = Small()
    make_trainer(folder, logger, **options).fit(model, loader(shuffle=True), loader(2))
    return [parameter.detach().clone() for parameter in model.parameters()]


def _draw_and_fail(batch: Batch, outputs: Any, module: Any) -> dict[str, Any]:
    batch[0].zero_()
    torch.rand(3)
    raise RuntimeError("no brush")


def test_a_draw_that_raises_changes_no_weight(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It spoils its batch, uses up random numbers and raises: told once for each stage."""
    plain = _weights(tmp_path, logger=False)
    with make_logger(tmp_path) as logger:
        drawn = _weights(
            tmp_path, logger, callbacks=[VisualCallback(_draw_and_fail, every=Every(steps=1))]
        )

    assert all(torch.equal(a, b) for a, b in zip(plain, drawn, strict=True))
    told = [record for record in caplog.records if record.name == "triptych"]
    assert [record.getMessage() for record in told] == [
        "The draw of a train batch raised; the training goes on.",
        "The draw of a val batch raised; the training goes on.",
    ]
    assert "no brush" in str(told[0].exc_text)
    assert _story(logger)["status"] == "finished"


def test_a_full_disk_changes_no_weight(tmp_path: Path) -> None:
    """Every write of the sink fails; the training ends as if there were no logger."""
    plain = _weights(tmp_path, logger=False)
    sink = FailingSink(OSError(28, "No space left on device"))
    logger = make_logger(tmp_path, sinks=[sink])
    logged = _weights(tmp_path, logger)
    arrived = logger.close()

    assert all(torch.equal(a, b) for a, b in zip(plain, logged, strict=True))
    assert (sink.tries > 0, arrived) == (True, False)
    assert logger.experiment.status is Status.FINISHED


def test_a_folder_that_cannot_be_made_changes_no_weight(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The run cannot even open: said once, and trained without."""
    plain = _weights(tmp_path, logger=False)
    (tmp_path / "runs").write_text("a file is in the way")
    logged = _weights(tmp_path, make_logger(tmp_path))

    assert all(torch.equal(a, b) for a, b in zip(plain, logged, strict=True))
    told = [record.getMessage() for record in caplog.records if record.name == "triptych"]
    assert len(told) == 1
    assert told[0].startswith("This training is not recorded: ")
