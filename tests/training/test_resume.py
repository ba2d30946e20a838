"""Killed and resumed twice, between checkpoints: one run, in which every step stands once."""

from __future__ import annotations

import random
import signal
from pathlib import Path
from textwrap import dedent

import pytest

from tests.support import environment, rrd, wandb_files
from triptych import open_run
from triptych.archive.merge import merged
from triptych.archive.superseded import leave_out_superseded
from triptych.archive.unsynced import logs_of

_EVERY, _LAST = 5, 30

_VANILLA = """
import json, triptych
from pathlib import Path

saved = Path("model.json")
state = json.loads(saved.read_text()) if saved.exists() else {"run": None}
run = triptych.run("digits", root="runs", console=False, wandb="offline", resume=state["run"])
while run.step < LAST:
    run.advance()
    after_update(run)
    if run.step % EVERY == 0:
        saved.write_text(json.dumps({"run": run.state_dict()}))
run.close()
"""

_LIGHTNING = """
from pathlib import Path
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from tests.lightning.small import Small, loader, make_trainer
from triptych.lightning import RerunLogger

class After(Callback):
    def on_train_batch_end(self, trainer, *about):
        after_update(trainer.logger.run)

save = ModelCheckpoint(every_n_train_steps=EVERY, save_top_k=-1, save_last=True)
with RerunLogger("digits", root="runs", console=False, wandb="offline", monitors=False) as logger:
    trainer = make_trainer(Path(), logger, callbacks=[After(), save], enable_checkpointing=True,
                           max_epochs=-1, max_steps=LAST)
    newest = next(Path("runs").glob("*/*/checkpoints/last.ckpt"), None)
    trainer.fit(Small(), loader(7), ckpt_path=newest)
"""

_HF = """
from pathlib import Path
from transformers import TrainerCallback
from tests.hf.small import make_trainer
from triptych.hf import RerunCallback

class After(TrainerCallback):
    def on_step_end(self, *about, **more):
        after_update(callback.run)

callback = RerunCallback(project="digits", root="runs", console=False, wandb="offline",
                         draw=False, monitors=False)
with callback:
    trainer = make_trainer(Path(), callback, max_steps=LAST, save_strategy="steps",
                           save_steps=EVERY)
    trainer.add_callback(After())
    trainer.train(resume_from_checkpoint=any(Path("out").glob("checkpoint-*")))
"""

_DIES = f"""
import os, signal, time
EVERY, LAST = {_EVERY}, {_LAST}

def after_update(run):
    run.log({{"attempt": run.info.attempt}})
    run.flush()  # a row for each step in W&B
    if run.step == DEATH:
        time.sleep(0.6)  # W&B writes its file every quarter of a second
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("program", [_VANILLA, _LIGHTNING, _HF], ids=["vanilla", "Lightning", "HF"])
def test_killed_and_resumed_twice_every_step_stands_once(program: str, tmp_path: Path) -> None:
    """As read back, in the recording that opens as one, and in what W&B has to upload."""
    chance = random.Random(program)  # noqa: S311  # no secret
    first, second = chance.randint(11, 19), chance.randint(21, 29)
    env = environment.isolated(tmp_path)
    for death in (first, second, 0):
        whole = f"{_DIES}\nDEATH = {death}\n{program}"
        with environment.start(whole, env, cwd=tmp_path) as child:
            _, errors = child.communicate(timeout=150)
        assert child.returncode == (-signal.SIGKILL if death else 0), errors

    read = open_run("latest", root=tmp_path / "runs")
    saved = [death - death % _EVERY for death in (first, second)]
    expected = [1 + (step > saved[0]) + (step > saved[1]) for step in range(1, _LAST + 1)]
    steps, attempts = read.scalars("attempt")
    assert steps.tolist() == list(range(1, _LAST + 1))
    assert attempts.tolist() == expected
    assert [one["status"] for one in read.attempts] == ["killed", "killed", "finished"]

    one = merged(read.folder.path, tmp_path / "one.rrd")
    steps, attempts = rrd.scalars(one, "/attempt")
    assert steps.tolist() == list(range(1, _LAST + 1))
    assert attempts.tolist() == expected

    logs = logs_of(read.folder)
    leave_out_superseded(logs, only=logs)  # as the sync does
    files = [wandb_files.read(log.parent) for log in logs]
    assert [found.id for found in files] == [read.id] * 3
    rows = [row for found in files for row in found.curve("attempt")]
    assert rows == list(enumerate(expected, 1))


def test_what_was_put_back_is_said_where_it_is_read(tmp_path: Path) -> None:
    """In the log of the attempt that goes on, not before anybody listens."""
    program = """
        import os, signal, triptych
        run = triptych.run("p", root="runs", wandb=False, console=False, resume=RESUME)
        run.advance()
        run.log({"loss": 1})
        if RESUME is None:
            os.kill(os.getpid(), signal.SIGKILL)
        run.close()
    """
    env = environment.isolated(tmp_path)
    for resume, ending in ((None, -signal.SIGKILL), ("latest", 0)):
        with environment.start(f"RESUME = {resume!r}{dedent(program)}", env, cwd=tmp_path) as one:
            assert one.wait(60) == ending
    said = "The run was killed at step 1; put back 1 number and 0 lines."
    (log,) = tmp_path.glob("runs/*/*/train.log")
    assert said in log.read_text()
