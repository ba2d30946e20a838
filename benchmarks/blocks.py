"""Fake training steps, and blocks of them, each held against the bare ones before and after it.

The mean of these ratios counts, so that the rare long step counts too; a tenth at either end is
left out, which is where the neighbours show.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from one_way import row
from peer_rigs import RIGS
from rigs import Rig, Values

REST = 0.4  # seconds: what still waits for a worker is not the next block's
# Numbers wait up to two seconds for the recording. So a block with logging begins when that work
# has become steady, and a bare one when it is over.
SETTLING = 2.2
TRIMMED = 0.1  # of the ratios, at either end
RESAMPLES = 10_000

Step = Callable[[], None]
Log = Callable[[Values], None]


def measure(
    name: str, folder: Path, rounds: int, seconds: float
) -> dict[str, npt.NDArray[np.float64]]:
    """Time blocks with one way of logging, and bare ones around each; a process can do this once.

    Args:
        name: A key of `peer_rigs.RIGS`.
        folder: An empty one.
        rounds: How many.
        seconds: The length of a block.

    Returns:
        For each kind of step, seconds of a step: with logging, and the mean of the bare blocks
        before and after, float64 (rounds, 2).
    """
    import torch

    torch.set_num_threads(1)
    rig = RIGS[name](folder)
    found = {}
    for label, step in (("1 ms of Python", python_step()), ("2 ms of torch", torch_step())):
        length = time_of(step, nothing, 200)
        steps, lead_in = (max(1, round(span / length)) for span in (seconds, SETTLING))
        before = time_of(step, nothing, steps)
        times = []
        for _ in range(rounds):
            time_of(step, stepwise(rig), lead_in)
            logged = time_of(step, stepwise(rig), steps)
            time.sleep(SETTLING)
            after = time_of(step, nothing, steps)
            times.append((logged, (before + after) / 2))
            before = after
        found[label] = np.array(times)
    rig.close()
    return found


def interval(ratios: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The trimmed mean, and the 2.5th and 97.5th percentile of it over bootstrap resamples."""
    chosen = np.random.default_rng(0).choice(ratios, (RESAMPLES, len(ratios)))
    low, high = np.percentile(trimmed_mean(chosen), [2.5, 97.5])
    return np.array([trimmed_mean(ratios), low, high])


def trimmed_mean(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Over the last axis, without the tenth at either end."""
    cut = int(values.shape[-1] * TRIMMED)
    kept = np.sort(values, axis=-1)[..., cut : values.shape[-1] - cut]
    return np.asarray(kept.mean(axis=-1))


def stepwise(rig: Rig) -> Log:
    """Log the values at a step of their own."""

    def log(values: Values) -> None:
        rig.advance()
        rig.log(values)

    return log


def nothing(_values: Values) -> None:
    """Log nothing."""


def time_of(step: Step, log: Log, steps: int) -> float:
    """Mean seconds of a step in a block."""
    began = time.perf_counter()
    for number in range(steps):
        step()
        log(row(number))
    return (time.perf_counter() - began) / steps


def python_step() -> Step:
    """A millisecond of bytecode, in which other threads get in only when they are let."""
    return repeat(lambda: sum(number * number for number in range(200)), 0.001)


def torch_step() -> Step:
    """Two milliseconds of matrix products, which let go of the interpreter."""
    import torch

    matrix = torch.full((128, 128), 0.5)
    return repeat(lambda: matrix @ matrix, 0.002)


def repeat(work: Callable[[], object], seconds: float) -> Step:
    """Do some work as often as it fits, on this machine."""
    lengths = []
    for _ in range(300):
        began = time.perf_counter()
        work()
        lengths.append(time.perf_counter() - began)
    times = max(1, round(seconds / float(np.median(lengths))))

    def step() -> None:
        for _ in range(times):
            work()

    return step
