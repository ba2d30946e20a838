"""What a callback takes of a training step: ours, and `WandbCallback`, in one Trainer and alone.

Both log every number of every update, W&B offline. Ours writes a recording and a text log as well,
to a W&B run of its own, and looks at every loss. What is timed is all that runs on the training
thread between the first and the last update: the events of each callback, and our forward hook.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # the readers of the tests, from any folder

os.environ.update(WANDB_MODE="offline", WANDB_DIR=tempfile.mkdtemp(), WANDB_SILENT="true")

import wandb
from rich.console import Console
from rich.table import Table

from tests.hf.small import make_callback, make_trainer
from tests.support import rrd, wandb_files

EDGES = ("on_init_end", "on_train_begin", "on_train_end")  # opening and closing


def main() -> None:
    """Train three times, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=300)
    steps = parser.parse_args().steps
    table = Table(title=f"{steps} updates")
    for title in ("training with", "callback", "µs a step", "share of training", "losses on disk"):
        table.add_column(
            title, justify="left" if title in ("training with", "callback") else "right"
        )
    for wanted in (("RerunCallback", "WandbCallback"), ("RerunCallback",), ("WandbCallback",)):
        took, spent, arrived = train(steps, wanted)
        for who in wanted:
            table.add_row(
                "both" if len(wanted) > 1 else "it alone",
                who,
                f"{sum(spent[who]) / steps * 1e6:.0f}",
                f"{sum(spent[who]) / took:.2%}",
                str(arrived[who]),
            )
    Console().print(table)


def train(
    steps: int, wanted: tuple[str, ...]
) -> tuple[float, dict[str, list[float]], dict[str, int]]:
    """Train with these callbacks.

    Returns:
        Seconds of the training, seconds of each call by callback, losses read back by callback.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours = make_callback(folder, wandb="offline") if "RerunCallback" in wanted else None
        report_to = "wandb" if "WandbCallback" in wanted else "none"
        trainer = make_trainer(folder, ours, max_steps=steps, report_to=report_to)
        spent: dict[str, list[float]] = {who: [] for who in wanted}
        for callback in trainer.callback_handler.callbacks:
            who = type(callback).__name__
            for event in (one for one in dir(callback) if one.startswith("on_") and who in wanted):
                if event not in EDGES:
                    setattr(callback, event, timed(getattr(callback, event), spent[who]))
        if ours is not None:
            tap = ours._stage._tap  # noqa: SLF001  # the hook is part of the price
            tap._look = timed(tap._look, spent["RerunCallback"])  # noqa: SLF001
        began = time.perf_counter()
        trainer.train()
        took = time.perf_counter() - began
        arrived = {}
        if ours is not None:
            ours.close()
            recording = ours.run.dir / "recording-1.rrd"
            arrived["RerunCallback"] = len(rrd.scalars(recording, "/train/loss")[0])
        if wandb.run is not None:
            written = Path(wandb.run.dir).parent
            wandb.finish()
            arrived["WandbCallback"] = len(wandb_files.wait(written).curve("train/loss"))
    return took, spent, arrived


def timed(function: Callable[..., Any], spent: list[float]) -> Callable[..., Any]:
    """The function, its seconds noted on each call."""

    def call(*args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            spent.append(time.perf_counter() - began)

    return call


if __name__ == "__main__":
    main()
