"""Under torchrun one process writes: one recording, one W&B run, each draw once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support import environment, rrd, wandb_files

PROGRAM = """
import os
from pathlib import Path
from tests.hf.small import make_callback, make_trainer
from triptych import Every, Image

folder = Path(os.environ["FOLDER"])

def draw(inputs, outputs, model):
    with (folder / f"drawn-{os.environ['RANK']}").open("a") as file:
        file.write(f"{type(model).__name__}\\n")
    return {"first": Image(inputs["pixel_values"][0])}

callback = make_callback(folder, wandb="offline", draw=draw, every=Every(steps=1))
trainer = make_trainer(
    folder,
    callback,
    per_device_train_batch_size=2,
    per_device_eval_batch_size=2,
    eval_strategy="epoch",
    save_strategy="epoch",
    ddp_backend="gloo",
)
with callback:
    trainer.train()
    trainer.evaluate()
"""


def test_two_processes(tmp_path: Path) -> None:
    """What rank 1 sees it keeps to itself; rank 0 draws through the wrapped model."""
    script = tmp_path / "script.py"
    script.write_text(PROGRAM)
    env = {**environment.isolated(tmp_path), "FOLDER": str(tmp_path), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*command, str(script)], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr

    (folder,) = (tmp_path / "runs" / "digits").iterdir()
    (recording,) = folder.glob("*.rrd")
    (theirs,) = wandb_files.folders(folder / "wandb")
    for entity, expected in (
        ("/train/loss", [1, 2, 3]),
        ("/eval/loss", [3, 3]),
        ("/train/samples_seen", [1, 2, 3]),
    ):
        assert rrd.scalars(recording, entity)[0].tolist() == expected
    assert rrd.scalars(recording, "/train/samples_seen")[1].tolist() == [4.0, 8.0, 12.0]
    assert [step for step, _ in rrd.images(recording, "/train/first")] == [1, 2, 3]
    assert [step for step, _ in rrd.images(recording, "/eval/first")] == [3]
    found = wandb_files.wait(theirs)
    assert (found.exit_code, found.config["world_size"]) == (0, 2)
    drawn = (tmp_path / "drawn-0").read_text().split()
    assert drawn == ["ViTForImageClassification"] * 4
    assert not (tmp_path / "drawn-1").exists()
