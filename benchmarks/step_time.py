"""How much slower a training step gets with logging, and what the workers cost the processor.

Each way of logging has a process of its own, in which blocks of steps with and without it take
turns: other users of the machine disturb both alike.
"""

from __future__ import annotations

import argparse
import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import psutil
from apart import alone, workplace
from blocks import interval, measure
from one_way import row
from peer_rigs import RIGS
from report import Report, add_publish, machine
from rigs import ByHand, Nothing, Triptych

RATE = 100  # steps a second, for the cost of the workers
AIM = 0.01  # of the step time
PACKAGES = ("torch", "wandb", "rerun-sdk")
HEADINGS = ("slower by", "95 % of resamples", "added µs")
USUAL = (Nothing.name, Triptych.name, ByHand.name)


def main() -> None:
    """Measure both, and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="of blocks (default: 10)")
    parser.add_argument("--block", type=float, default=2, help="seconds of a block (default: 2)")
    parser.add_argument("--seconds", type=float, default=20, help="at 100 steps a second")
    parser.add_argument("--ways", nargs="+", choices=RIGS, default=USUAL, metavar="WAY")
    add_publish(parser)
    options = parser.parse_args()
    conditions = machine(*PACKAGES)
    with workplace() as place:
        slower = slow_down(options.ways, options.rounds, options.block, place)
        slower.remarks.append(conditions)
        slower.show()
        used = alone(workers, make(place / "workers"), options.seconds)
    table = Report((f"thread, at {RATE} steps a second", "% of one core"))
    table.rows += [(name, f"{share:.2%}") for name, share in used.items() if share > 0.0005]  # noqa: PLR2004
    table.show()
    if options.publish is not None:
        slower.publish("step-time", options.publish)
        table.publish("workers", options.publish)


def slow_down(ways: list[str], rounds: int, block: float, place: Path) -> Report:
    """The time of a step with logging, over that of a step without."""
    report = Report(("a step of", "logs 10 numbers with", *HEADINGS))
    found = {way: alone(measure, way, make(place / way), rounds, block) for way in ways}
    for label in found[ways[0]]:
        for way, times in found.items():
            logged, bare = times[label].T
            slower, low, high = interval(logged / bare) - 1
            name = "nothing, again (the noise)" if way == Nothing.name else way
            added = f"{np.median(logged - bare) * 1e6:.0f}"
            report.rows.append((label, name, f"{slower:+.1%}", f"{low:+.1%} to {high:+.1%}", added))
            if way == Triptych.name:
                verdict = "reached" if slower <= AIM else "MISSED"
                report.remarks.append(f"{label}: at most {AIM:.0%} slower is the aim; {verdict}.")
    report.remarks.append(
        f"{rounds} blocks of {block:g} s each, held against the bare ones before and after; mean "
        f"without the tenth at either end."
    )
    return report


def workers(folder: Path, seconds: float) -> dict[str, float]:
    """The share of a core that each thread takes, while a loop that mostly sleeps logs."""
    ours = Triptych(folder)
    before = processor_times()
    began = time.perf_counter()
    for number in range(round(seconds * RATE)):
        ours.advance()
        ours.log(row(number))
        time.sleep(max(0.0, began + (number + 1) / RATE - time.perf_counter()))
    took = time.perf_counter() - began
    after = processor_times()
    ours.close()
    used = {name: (spent - before.get(name, 0.0)) / took for name, spent in after.items()}
    return dict(sorted(used.items(), key=lambda one: -one[1]))


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


def make(folder: Path) -> Path:
    """Make a folder."""
    folder.mkdir()
    return folder


if __name__ == "__main__":
    main()
