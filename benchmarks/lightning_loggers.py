"""How long `log_metrics` of 4 numbers keeps the training thread, in four loggers of Lightning.

All log the same numbers, in one process, in blocks that take turns. The Trainer calls `save` after
each `log_metrics`, so both are timed: alone, and together.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from apart import workplace
from arrivals import read_recording
from blocks import REST
from lightning.pytorch.loggers import CSVLogger, Logger, TensorBoardLogger, WandbLogger
from rich.console import Console
from rich.table import Table

from triptych.lightning import RerunLogger

BLOCK = 250  # steps until the next logger has its turn


@dataclass
class Timing:
    """Nanoseconds of the calling thread, one entry a step."""

    log: list[int] = field(default_factory=list)
    save: list[int] = field(default_factory=list)

    def cells(self) -> list[str]:
        """Microseconds: median and 99th percentile of the call, median with `save`."""
        log = np.array(self.log) / 1e3
        both = log + np.array(self.save) / 1e3
        return [f"{np.median(log):.1f}", f"{np.percentile(log, 99):.1f}", f"{np.median(both):.1f}"]


def main() -> None:
    """Measure, print the table, and count what is on disk."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2000, help="of each logger (default: 2000)")
    steps = parser.parse_args().steps
    with workplace() as place:
        report(steps, place)


def report(steps: int, place: Path) -> None:
    """The whole benchmark, in a folder of its own."""
    ours = RerunLogger("benchmark", root=place / "ours", wandb="offline", console=False)
    loggers: dict[str, Logger] = {
        "WandbLogger, offline": WandbLogger(project="benchmark", mode="offline", save_dir=place),
        "TensorBoardLogger": TensorBoardLogger(place / "tensorboard"),
        "CSVLogger": CSVLogger(place / "csv"),
        "RerunLogger, with W&B offline": ours,
    }
    timings = {name: Timing() for name in loggers}
    for logger in loggers.values():
        logger.log_metrics(numbers(0), step=0)  # opens it
    for start in range(1, steps + 1, BLOCK):
        for name, logger in loggers.items():
            measure(logger, timings[name], range(start, min(start + BLOCK, steps + 1)))
            time.sleep(REST)
    ours.close()

    table = Table(title=f"µs that 4 numbers keep the calling thread, {steps} steps of each logger")
    table.add_column("logger", no_wrap=True)
    for heading in ("median", "p99", "median with save()"):
        table.add_column(heading, justify="right")
    for name, timing in timings.items():
        table.add_row(name, *timing.cells())
    console = Console(width=100)
    console.print(table)
    *others, mine = (float(np.median(timing.log)) for timing in timings.values())
    verdict = "reached" if mine < min(others) else "MISSED"
    console.print(f"Target, lower than each of the others: {verdict}.")
    recorded = read_recording(Path(ours.save_dir) / "recording-1.rrd").numbers
    counts = {path: len(recorded[path]) for path in sorted(recorded)}
    console.print(f"In the recording: {counts}")


def measure(logger: Logger, timing: Timing, steps: range) -> None:
    """Time one block."""
    for step in steps:
        values = numbers(step)
        began = time.perf_counter_ns()
        logger.log_metrics(metrics=values, step=step)
        logged = time.perf_counter_ns()
        logger.save()
        timing.save.append(time.perf_counter_ns() - logged)
        timing.log.append(logged - began)


def numbers(step: int) -> dict[str, float]:
    """Four numbers, as a training step logs them."""
    return {
        "train/loss": 1 / (step + 1),
        "train/acc": step / 1e4,
        "train/lr": 1e-3,
        "train/norm": step**0.5,
    }


if __name__ == "__main__":
    main()
