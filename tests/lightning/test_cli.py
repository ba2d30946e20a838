"""LightningCLI builds the logger and the callback from YAML."""

from __future__ import annotations

from pathlib import Path

from tests.support import environment, rrd

PROGRAM = """
    from lightning.pytorch.cli import LightningCLI
    from tests.lightning.small import Small, loader
    import sys, lightning as L

    class Digits(L.LightningDataModule):
        def train_dataloader(self):
            return loader()

        def val_dataloader(self):
            return loader()

    sys.argv[1:] = ["fit", "--config", "config.yaml"]
    LightningCLI(Small, Digits)
"""

CONFIG = """
model:
  lr: 0.25
trainer:
  accelerator: cpu
  max_epochs: 1
  log_every_n_steps: 1
  enable_progress_bar: false
  enable_model_summary: false
  logger:
    class_path: triptych.lightning.RerunLogger
    init_args:
      project: digits
      name: cli
      tags: [small, cpu]
      wandb: false
      console: false
      log_model: all
  callbacks:
    - class_path: triptych.lightning.VisualCallback
      init_args:
        every:
          steps: 2
        stages: [train]
        samples: 3
"""


def test_it_runs_twice_in_one_folder(tmp_path: Path) -> None:
    """Two runs, each with its configuration, its model and its pictures in its own folder."""
    (tmp_path / "config.yaml").write_text(CONFIG)
    env = environment.isolated(tmp_path)
    for _ in range(2):
        environment.run(PROGRAM, env, cwd=tmp_path)

    runs = sorted((tmp_path / "runs" / "digits").iterdir())
    assert len(runs) == 2
    for run in runs:
        assert "lr: 0.25" in (run / "config.yaml").read_text()
        assert [path.name for path in (run / "checkpoints").iterdir()] == ["epoch=0-step=4.ckpt"]
        shown = run / "recording-1.rrd"
        assert rrd.scalars(shown, "/train/loss")[0].tolist() == [1, 2, 3, 4]
        assert [step for step, _ in rrd.images(shown, "/train/samples/2")] == [1, 3]
        assert rrd.properties(shown)["config"]["lr"] == [0.25]
