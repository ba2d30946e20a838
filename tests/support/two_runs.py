"""Two runs to compare: they differ in a setting, and in what came of it."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

import triptych
from triptych.archive.folder import RunFolder
from triptych.pipeline.sink import Sink
from triptych.sinks.rerun import RerunSink
from triptych.sinks.text import TextSink
from triptych.words import logging_config


def train(root: Path) -> tuple[RunFolder, RunFolder]:
    """Trains them: "slow" of 20 steps, and "fast" of 30, which has a dropout and validates.

    The loss of "slow" is 10/(9+k) at step k, that of "fast" half of it; accuracies rise. Each logs
    a picture of its own colour, "fast" a green one, and a line.
    """
    slow = _train(root, "slow", 20, {"lr": 0.1, "model": {"width": 8}})
    fast = _train(root, "fast", 30, {"lr": 0.2, "model": {"width": 8, "dropout": 0.5}})
    return slow, fast


def _train(root: Path, name: str, steps: int, config: dict[str, object]) -> RunFolder:
    sinks: list[Sink] = [RerunSink(), TextSink(logging_config(console=False))]
    fast = name == "fast"
    with triptych.run("digits", name, root=root, config=config, sinks=sinks, console=False) as run:
        for _ in run.steps(range(steps)):
            run.log({"train/loss": 10 / (9 + run.step) / (1 + fast), "train/lr": config["lr"]})
            run.log({"train/acc": run.step / (40 - fast), "system/cpu": 50.0})
        if fast:
            run.log({"val/loss": 0.25})
        colour = (20, 200, 60) if fast else (200, 30, 60)
        run.log({"val/pred": triptych.Image(np.full((8, 8, 3), colour, np.uint8))})
        logging.getLogger("trainer").info("%s is done", name)
    return RunFolder(run.dir)
