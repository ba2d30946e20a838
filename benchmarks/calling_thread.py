"""How long a call of `run.log` keeps the training thread, beside `wandb.log` and ten `rr.log`.

Both ways log the same numbers, in one process, in blocks that take turns; at the end everything is
read back from disk and counted.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from apart import workplace
from blocks import REST
from footprint import processor_time
from rich.console import Console
from rich.table import Table
from rigs import NAMES, ByHand, Rig, Triptych, Values

import triptych
from triptych.sinks.memory import MemorySink

BLOCK = 500  # steps until the other way has its turn
PAUSE = 0.001  # seconds asleep after each step, in the rows that say so: the caches turn cold
TARGET = 20  # times less than by hand, of issue 2

Make = Callable[[int], dict[str, object]]


@dataclass
class Timing:
    """What one kind of call has cost; times in nanoseconds of the calling thread."""

    spent: list[int] = field(default_factory=list)
    processor: float = 0.0  # seconds, of all threads and W&B's own process

    @property
    def median(self) -> float:
        """Microseconds."""
        return float(np.median(self.spent)) / 1e3

    def cells(self) -> list[str]:
        """Median, mean, 99th percentile, and processor time of a step, in microseconds."""
        mean, p99 = np.mean(self.spent) / 1e3, np.percentile(self.spent, 99) / 1e3
        processor = self.processor / len(self.spent) * 1e6
        return [f"{self.median:.2f}", f"{mean:.2f}", f"{p99:.1f}", f"{processor:.0f}"]


def main() -> None:
    """Measure, print the table, and count what is on disk."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=5000, help="of each kind (default: 5000)")
    steps = parser.parse_args().steps
    with workplace() as place:
        report(steps, place)


def report(steps: int, place: Path) -> None:
    """The whole benchmark, in a folder of its own."""
    folders = [place / "by-hand", place / "ours"]
    for folder in folders:
        folder.mkdir()
    by_hand = ByHand(folders[0])  # first: wandb.init would join a run that is open already
    ours = Triptych(folders[1])
    table = Table(title=f"µs a call keeps the calling thread, {steps} steps of each kind")
    for heading in ("a step logs", "with"):
        table.add_column(heading, no_wrap=True)
    for heading in ("median", "mean", "p99", "processor", "ratio"):
        table.add_column(heading, justify="right", no_wrap=True)
    ratios = []
    for label, pause in (("10 numbers, back to back", 0.0), ("10 numbers, 1 ms pause", PAUSE)):
        there, here = take_turns((by_hand, ours), steps, pause)
        ratios.append(there.median / here.median)
        table.add_row(label, by_hand.name, *there.cells(), "1")
        table.add_row("", ours.name, *here.cells(), f"1/{ratios[-1]:.0f}", end_section=True)
    for label, make, pause, count in other_calls(steps):
        timing = time_alone(ours.run, make, count, pause)
        table.add_row(label, ours.name, *timing.cells(), "")
    idle = time_not_due(place / "not-due", steps)
    table.add_row("a function that is not due", ours.name, *idle.cells(), "", end_section=True)
    for label, pause in (("nothing, back to back", 0.0), ("nothing, 1 ms pause", PAUSE)):
        floor = Timing()
        rows = map(ten_numbers, range(steps))
        measure(floor, lambda: None, lambda _values: None, rows, pause)
        table.add_row(label, "an empty function", *floor.cells(), "")
    ours.close()
    by_hand.close()
    console = Console(width=120)
    console.print(table)
    verdict = "reached" if min(ratios) >= TARGET else "MISSED"
    console.print(f"Target, at most 1/{TARGET} of the time by hand: {verdict}.")
    for rig in (by_hand, ours):
        check(rig, 2 * steps, console)


def take_turns(rigs: tuple[Rig, Rig], steps: int, pause: float) -> tuple[Timing, Timing]:
    """Time the same steps with both, block by block."""
    timings = Timing(), Timing()
    for size in blocks(steps):
        rows = [ten_numbers(step) for step in range(size)]
        for rig, timing in zip(rigs, timings, strict=True):
            measure(timing, rig.advance, rig.log, iter(rows), pause)
    return timings


def time_alone(run: triptych.Run, make: Make, steps: int, pause: float = 0.0) -> Timing:
    """Time steps of one run."""
    timing = Timing()
    for size in blocks(steps):
        measure(timing, run.advance, run.log, map(make, range(size)), pause)
    return timing


def time_not_due(folder: Path, steps: int) -> Timing:
    """Time a function that no sink wants, after the first time."""
    route = triptych.Route(MemorySink(), visuals=triptych.Every(steps=10 * steps))
    with triptych.run("benchmark", root=folder, sinks=[route], console=False) as run:
        run.log({"other/function": lambda: None})
        return time_alone(run, lambda _step: {"other/function": lambda: None}, steps)


def measure(
    timing: Timing,
    advance: Callable[[], None],
    log: Callable[[Values], None],
    rows: Iterator[Values],
    pause: float,
) -> None:
    """Time each call of one block, and the processor until the workers have taken it in."""
    before = processor_time()
    for values in rows:
        advance()
        began = time.perf_counter_ns()
        log(values)
        timing.spent.append(time.perf_counter_ns() - began)
        if pause:
            time.sleep(pause)
    time.sleep(REST)
    timing.processor += processor_time() - before


def blocks(steps: int) -> Iterator[int]:
    """Sizes of the blocks that make up so many steps."""
    for start in range(0, steps, BLOCK):
        yield min(BLOCK, steps - start)


def ten_numbers(step: int) -> dict[str, float]:
    """New floats, as a training step has them."""
    return {name: random.random() + step for name in NAMES}  # noqa: S311  # no secret


def other_calls(steps: int) -> list[tuple[str, Make, float, int]]:
    """What else a step may log: its name, its values, the pause after it, how many times."""
    noise = np.random.default_rng(0)
    picture = triptych.Image(noise.integers(0, 256, (224, 224, 3), np.uint8))
    return [
        ("1 number", lambda step: {"other/one": step * 0.5}, 0.0, steps),
        (
            "10 numpy float32",
            lambda step: {f"numpy/{place}": np.float32(step) for place in range(10)},
            0.0,
            steps,
        ),
        (
            "10 torch tensors on the CPU",
            lambda step: {f"torch/{place}": torch.tensor(float(step)) for place in range(10)},
            0.0,
            steps,
        ),
        # Back to back, the worker that encodes would be all that is seen.
        ("a 224x224x3 picture, 1 ms pause", lambda _: {"other/picture": picture}, PAUSE, steps),
    ]


def check(rig: Rig, steps: int, console: Console) -> None:
    """Count what is on disk."""
    arrived = rig.arrived()
    counts = [len(arrived["Rerun"].numbers[name]) for name in NAMES]
    whole = all(count == steps for count in counts)
    rows = len(arrived["W&B"].numbers[NAMES[0]])
    console.print(
        f"{rig.name}: {sum(counts)} of {steps * len(NAMES)} numbers in the recording"
        f"{'' if whole else ' (SOME ARE MISSING)'}, {rows} rows of {len(NAMES)} in W&B."
    )


if __name__ == "__main__":
    main()
