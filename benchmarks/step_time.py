"""How much slower a training step gets with logging, and what the workers cost the processor.

Blocks of steps with and without logging take turns in one process, and are compared pair by pair:
other users of the machine disturb both alike. A block is compared by its mean, in which the work of
the background threads shows, wherever it falls.
"""

from __future__ import annotations

import argparse
import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import psutil
import torch
from calling_thread import REST, ten_numbers
from rich.console import Console
from rich.table import Table
from rigs import ByHand, Rig, Triptych, workplace

BLOCK = 1.5  # seconds: several visits of each worker
RATE = 100  # steps a second, for the cost of the workers

Log = Callable[[Mapping[str, object]], None]


def main() -> None:
    """Measure both, and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12, help="of paired blocks (default: 12)")
    parser.add_argument("--seconds", type=float, default=20, help="at 100 steps a second")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with workplace() as place:
        by_hand = ByHand(place / "by-hand")
        ours = Triptych(place / "ours")
        console = Console(width=120)
        console.print(slow_down(ours, by_hand, options.rounds))
        console.print(workers(ours, options.seconds))
        ours.close()
        by_hand.close()


def slow_down(ours: Triptych, by_hand: ByHand, rounds: int) -> Table:
    """The time of a step with logging, over that of a step without."""
    table = Table(title=f"Step time over that without logging; {rounds} paired blocks of {BLOCK} s")
    for heading in ("step", "logs 10 numbers with", "median ratio", "quartiles", "added µs"):
        table.add_column(heading, no_wrap=True)
    ways: dict[str, Log] = {
        "nothing, again": lambda _values: None,
        ours.name: stepwise(ours),
        by_hand.name: stepwise(by_hand),
    }
    for label, step in (("1 ms of Python", python_step()), ("2 ms of torch", torch_step())):
        steps = max(1, round(BLOCK / time_of(step, lambda _values: None, 200)))
        pairs: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
        for turn in range(rounds):
            for way, log in ways.items():
                pairs[way].append(pair(step, log, steps, first=turn % 2 == 0))
        for way, times in pairs.items():
            off, on = np.array(times).T
            low, middle, high = np.percentile(on / off, [25, 50, 75])
            added = float(np.median(on - off)) * 1e6
            table.add_row(label, way, f"{middle:.3f}", f"{low:.3f} to {high:.3f}", f"{added:.0f}")
        table.add_section()
    return table


def stepwise(rig: Rig) -> Log:
    """Log the values at a step of their own."""

    def log(values: Mapping[str, object]) -> None:
        rig.advance()
        rig.log(values)

    return log


def pair(step: Callable[[], None], log: Log, steps: int, *, first: bool) -> tuple[float, float]:
    """The mean step time of a block without and of one with logging; `first` puts it first."""
    blocks: list[Log] = [log, _nothing] if first else [_nothing, log]
    times = {}
    for way in blocks:
        times[way] = time_of(step, way, steps)
        time.sleep(REST)  # what still waits for a worker is not the next block's
    return times[_nothing], times[log]


def time_of(step: Callable[[], None], log: Log, steps: int) -> float:
    """Mean seconds of a step; what the thread waited for a processor does not count."""
    waited, began = waiting_time(), time.perf_counter()
    for number in range(steps):
        step()
        log(ten_numbers(number))
    return (time.perf_counter() - began - (waiting_time() - waited)) / steps


def waiting_time() -> float:
    """Seconds that this thread was ready to run while others ran; 0 where nobody counts them."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0


def python_step() -> Callable[[], None]:
    """A millisecond of bytecode, in which other threads get in only when they are let."""
    return repeat(lambda: sum(number * number for number in range(200)), 0.001)


def torch_step() -> Callable[[], None]:
    """Two milliseconds of matrix products, which let go of the interpreter."""
    matrix = torch.full((128, 128), 0.5)
    return repeat(lambda: matrix @ matrix, 0.002)


def repeat(work: Callable[[], object], seconds: float) -> Callable[[], None]:
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


def workers(ours: Triptych, seconds: float) -> Table:
    """Processor time of each thread while a loop that mostly sleeps logs at a fixed rate."""
    before = processor_times()
    began = time.perf_counter()
    steps = round(seconds * RATE)
    for number in range(steps):
        ours.advance()
        ours.log(ten_numbers(number))
        time.sleep(max(0.0, began + (number + 1) / RATE - time.perf_counter()))
    took = time.perf_counter() - began
    used = {name: spent - before.get(name, 0.0) for name, spent in processor_times().items()}
    table = Table(title=f"Processor time at {steps / took:.0f} steps a second, 10 numbers each")
    table.add_column("thread", no_wrap=True)
    table.add_column("% of one core", justify="right")
    for name, spent in sorted(used.items(), key=lambda one: -one[1]):
        if spent / took > 0.0005:  # noqa: PLR2004  # half a per mille
            table.add_row(name, f"{spent / took * 100:.2f}")
    return table


def processor_times() -> Mapping[str, float]:
    """Seconds so far of each thread, and of W&B's own process, in milliseconds' resolution."""
    names = {thread.native_id: thread.name for thread in threading.enumerate()}
    found: defaultdict[str, float] = defaultdict(float)
    process = psutil.Process()
    for thread in process.threads():
        folder = Path(f"/proc/self/task/{thread.id}")
        spent = thread.user_time + thread.system_time
        name = names.get(thread.id, "other")
        with contextlib.suppress(OSError):
            spent = int((folder / "schedstat").read_text().split()[0]) / 1e9
            name = names.get(thread.id) or (folder / "comm").read_text().strip()
        found[name] += spent
    for child in process.children(recursive=True):
        times = child.cpu_times()
        found[child.name()] += times.user + times.system
    return found


def _nothing(_values: Mapping[str, object]) -> None:
    pass


if __name__ == "__main__":
    main()
