"""Beside `report_to="wandb"` there is one W&B run: the numbers are the Trainer's, the rest ours."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support import environment, wandb_files

PROGRAM = """
    import sys
    from pathlib import Path
    import wandb
    from tests.hf.small import Digits, make_callback, make_trainer
    from triptych import Every, Image

    def draw(inputs, outputs, model):
        return {"first": Image(inputs["pixel_values"][0])}

    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path.cwd()
    callback = make_callback(folder, draw=draw, every=Every(steps=2), WANDB)
    trainer = make_trainer(folder, callback, report_to="wandb", eval_strategy="epoch")
    CALLS
    callback.run.event("all done")
    callback.close()
    assert wandb.run is not None  # it is theirs to finish
    wandb.finish()
    print(callback.run.dir)
"""


def run(home: Path, calls: str, wandb: str = 'wandb="auto"') -> tuple[Path, list[Path]]:
    """Run the program; return the folder of our run, and W&B's folders that are not ours."""
    import os

    program = PROGRAM.replace("CALLS", calls).replace("WANDB", wandb)
    env = {**environment.isolated(home), "WANDB_MODE": "offline"}
    here = Path.cwd()
    os.chdir(home)
    try:
        printed = environment.run(program, env)
    finally:
        os.chdir(here)
    return Path(printed.splitlines()[-1]), wandb_files.folders(home / "wandb")


def test_a_guest_in_the_trainers_run(tmp_path: Path) -> None:
    """No number twice; pictures and events stand on the host's axis, and we do not finish it."""
    ours, (theirs,) = run(tmp_path, "trainer.train()")

    found = wandb_files.wait(theirs)
    assert [step for step, _ in found.curve("train/loss", "train/global_step")] == [1, 2, 3]
    assert [step for step, _ in found.curve("eval/loss", "train/global_step")] == [3]
    pictures = [row for row in found.history if "train/first._type" in row]
    assert [row["train/global_step"] for row in pictures] == [1, 3]
    assert found.curve("events", "train/global_step") == [(3, "all done")]
    assert "train/samples_seen" not in found.summary
    assert found.summary["triptych/status"] == "finished"
    assert found.exit_code == 0
    assert not (ours / "wandb").exists()
    assert json.loads((ours / "run.json").read_text())["status"] == "finished"


def test_an_evaluation_alone_joins_as_well(tmp_path: Path) -> None:
    """The Trainer's callback opens its run late; the pictures of the first batch are in it."""
    _, (theirs,) = run(tmp_path, "trainer.evaluate()")

    found = wandb_files.wait(theirs)
    assert [step for step, _ in found.curve("eval/loss", "train/global_step")] == [0]
    assert len(found.media("eval/first")) == 1


def test_a_run_of_its_own_if_told_so(tmp_path: Path) -> None:
    """`wandb=` decides: with "offline" there are two W&B runs, each with all numbers."""
    ours, (theirs,) = run(tmp_path, "trainer.train()", 'wandb="offline"')

    mine = wandb_files.wait(wandb_files.folders(ours / "wandb")[0])
    assert wandb_files.wait(theirs).media("train/first") == []
    assert len(mine.media("train/first")) == 2
    assert "train/samples_seen" in mine.summary.get("train", mine.summary)
