"""What a callback takes of a training step: ours, and `WandbCallback` beside it in one Trainer.

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
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # the readers of the tests, from any folder

from rich.console import Console
from rich.table import Table
from transformers.integrations import WandbCallback

from tests.hf.small import make_callback, make_trainer
from tests.support import rrd, wandb_files

EDGES = ("on_init_end", "on_train_begin", "on_train_end")  # opening and closing


def main() -> None:
    """Train once, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=300)
    steps = parser.parse_args().steps
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.update(WANDB_MODE="offline", WANDB_DIR=name, WANDB_SILENT="true")
        ours = make_callback(folder, wandb="offline")
        trainer = make_trainer(folder, ours, max_steps=steps, report_to="wandb")
        (theirs,) = (
            one for one in trainer.callback_handler.callbacks if isinstance(one, WandbCallback)
        )
        spent: defaultdict[str, list[float]] = defaultdict(list)
        names = {"RerunCallback": ours, "WandbCallback": theirs}
        for who, callback in names.items():
            for event in (one for one in dir(callback) if one.startswith("on_")):
                if event not in EDGES:
                    setattr(callback, event, timed(getattr(callback, event), spent[who]))
        tap = ours._stage._tap  # noqa: SLF001  # the hook is part of the price
        tap._look = timed(tap._look, spent["RerunCallback"])  # noqa: SLF001
        began = time.perf_counter()
        trainer.train()
        took = time.perf_counter() - began
        ours.close()

        run = ours.run
        recorded = len(rrd.scalars(run.dir / "recording-1.rrd", "/train/loss")[0])
        import wandb

        wandb.finish()
        rows = len(wandb_files.wait(wandb_files.folders(folder / "wandb")[0]).curve("train/loss"))
        table = Table(title=f"{steps} updates in {took:.1f} s")
        for title in ("callback", "µs a step", "share of training", "losses on disk"):
            table.add_column(title, justify="left" if title == "callback" else "right")
        for who, arrived in (("RerunCallback", recorded), ("WandbCallback", rows)):
            total = sum(spent[who])
            table.add_row(who, f"{total / steps * 1e6:.0f}", f"{total / took:.2%}", str(arrived))
        Console().print(table)
        ratio = sum(spent["WandbCallback"]) / sum(spent["RerunCallback"])
        Console().print(f"WandbCallback takes {ratio:.1f} times as long.")


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
