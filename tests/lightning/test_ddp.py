"""Two processes on one CPU: one recording, one W&B run, and an honest status when one fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import environment, rrd, run_folder

PROGRAM = """
import sys
from pathlib import Path

from tests.lightning.small import Small, loader, make_logger, make_trainer
from triptych.lightning import VisualCallback
from triptych.pipeline.cadence import Every


class Model(Small):
    def training_step(self, batch, batch_idx):
        if self.global_rank:
            self.logger.experiment.config.update({"a": 1})
        self.logger.log_metrics({"said/by_each_rank": 1.0})
        if FAILING == self.global_rank and batch_idx == 1:
            raise ArithmeticError("odd")
        return super().training_step(batch, batch_idx)


STRATEGY, FAILING = sys.argv[1], int(sys.argv[2])
WANDB = {"wandb": "offline"} if FAILING < 0 else {}

if __name__ == "__main__":
    here = Path.cwd()
    logger = make_logger(here, **WANDB)
    trainer = make_trainer(
        here, logger, max_epochs=1, devices=2, strategy=STRATEGY,
        callbacks=[VisualCallback(every=Every(steps=1))],
    )
    try:
        trainer.fit(Model(), loader(), loader())
        if STRATEGY == "ddp":  # spawned processes would import everything once more
            trainer.test(Model(), loader())
    finally:
        print("folder", logger.save_dir)
"""


def _train(folder: Path, strategy: str, failing: int = -1) -> subprocess.CompletedProcess[str]:
    """Runs a script of its own: `ddp` starts it again for its second process."""
    script = folder / "train.py"
    script.write_text(PROGRAM)
    return subprocess.run(
        [sys.executable, str(script), strategy, str(failing)],
        env=environment.isolated(folder),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("strategy", ["ddp", "ddp_spawn"])
def test_two_processes_write_one_run(tmp_path: Path, strategy: str) -> None:
    """Each number once, each picture once, in one folder with one W&B run."""
    done = _train(tmp_path, strategy)
    assert done.returncode == 0, done.stderr

    panels = run_folder.find(tmp_path / "runs")
    assert panels.story["status"] == "finished"
    for name in ("/train/loss", "/said/by_each_rank"):
        assert rrd.scalars(panels.recording, name)[0].tolist() == [1, 2]
    assert [step for step, _ in rrd.images(panels.recording, "/train/samples/0")] == [1, 2]
    expected = [2] if strategy == "ddp" else []
    assert rrd.scalars(panels.recording, "/test/loss")[0].tolist() == expected
    assert [path.name for path in panels.folder.glob("*.rrd")] == ["recording-1.rrd"]
    assert (panels.wandb.id, panels.wandb.exit_code) == (panels.folder.name, 0)


@pytest.mark.parametrize(("strategy", "failing"), [("ddp", 1), ("ddp_spawn", 0)])
def test_a_failing_worker_leaves_a_readable_recording(
    tmp_path: Path, strategy: str, failing: int
) -> None:
    """Whichever rank raises: status failed, and what was logged before is there."""
    done = _train(tmp_path, strategy, failing)
    assert done.returncode != 0

    panels = run_folder.find(tmp_path / "runs")
    assert panels.story["status"] == "failed"
    assert rrd.scalars(panels.recording, "/train/loss")[0].tolist() == [1]
    errors = [text for _, entity, _, text in rrd.text_log(panels.recording) if entity == "/errors"]
    assert len(errors) == 1
