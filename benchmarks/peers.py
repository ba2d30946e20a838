"""Triptych beside the ways of logging that people know, on equal work.

Each logs 10 numbers a step and a picture of 224x224 every 10 steps, in a process of its own, and
what it has written is read back. The rounds take turns: other users of the machine disturb all
alike.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from apart import alone, workplace
from one_way import EVERY, Measured, measure
from peer_rigs import RIGS
from report import Report, add_publish, machine
from rigs import NAMES, ByHand, Triptych

HEADINGS = (
    *("a step logs with", "10 numbers, median µs", "p99 µs", "max ms", "with picture, median µs"),
    *("wall s", "closing s", "processor s", "memory MB", "disk MB"),
    *("numbers read back", "pictures read back"),
)
PACKAGES = ("wandb", "rerun-sdk", "lightning", "torch", "tensorboard", "trackio")
PAUSE = 0.005  # seconds after each picture: nobody makes more than two hundred a second
SIDE = 224  # pixels
PHOTOS = 16  # different ones
CALL_MEDIAN, CALL_P99, SHARE = 5.0, 50.0, 1 / 3  # the aims: µs, µs, of the processor time by hand

Results = dict[str, list[Measured]]


def main() -> None:
    """Measure, print the table; put it and a picture of it where they are read, if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=20_000, help="default: 20000")
    parser.add_argument("--rounds", type=int, default=3, help="default: 3")
    parser.add_argument(
        "--pause", type=float, default=PAUSE, help=f"seconds after each picture, default: {PAUSE}"
    )
    parser.add_argument("--ways", nargs="+", choices=RIGS, default=list(RIGS), metavar="WAY")
    add_publish(parser)
    options = parser.parse_args()
    conditions = machine(*PACKAGES)
    results = run(options.ways, options.rounds, options.steps, options.pause)
    report = make_report(results, options.steps)
    report.remarks.append(f"{work(options.steps, options.rounds, options.pause)} {conditions}")
    report.show()
    if options.publish is not None:
        from peers_chart import draw

        report.publish("peers", options.publish)
        draw(results, options.publish / "peers.png")


def run(ways: list[str], rounds: int, steps: int, pause: float) -> Results:
    """Measure each way once a round, every other round backwards."""
    results: Results = {way: [] for way in ways}
    with workplace() as place:
        photos = place / "photos.npy"
        alone(save_photos, photos)
        for turn in range(rounds):
            for index, way in enumerate(ways[:: 1 if turn % 2 == 0 else -1]):
                folder = place / f"{turn}-{index}"
                folder.mkdir()
                results[way].append(alone(measure, way, folder, photos, steps, pause))
    return results


def save_photos(file: Path) -> None:
    """Write parts of two photographs, uint8 (PHOTOS, SIDE, SIDE, 3)."""
    from sklearn.datasets import load_sample_images

    photos = load_sample_images().images
    corners = np.random.default_rng(0).integers(0, 200, (PHOTOS, 2)).tolist()
    parts = [
        photos[index % len(photos)][top : top + SIDE, left : left + SIDE]
        for index, (top, left) in enumerate(corners)
    ]
    np.save(file, np.stack(parts))


def make_report(results: Results, steps: int) -> Report:
    """The table, and whether the aims are reached."""
    report = Report(HEADINGS, [(way, *cells(runs)) for way, runs in results.items()])
    if Triptych.name in results:
        spent = microseconds(results[Triptych.name])
        median, p99 = np.median(spent), np.percentile(spent, 99)
        report.remarks.append(
            f"A call of 10 numbers: {median:.1f} µs in the median ({aim(median, CALL_MEDIAN)}), "
            f"{p99:.0f} µs at the 99th percentile ({aim(p99, CALL_P99)})."
        )
    if {Triptych.name, ByHand.name} <= results.keys():
        ours, by_hand = (middle(results[rig.name], "processor") for rig in (Triptych, ByHand))
        share = ours / by_hand
        report.remarks.append(
            f"Processor time over that by hand: {share:.2f} ({aim(share, SHARE)})."
        )
    other = [
        f"{kind} of {way}"
        for way, runs in results.items()
        for kind in runs[0].read
        if not all(one.read[kind].whole for one in runs)
    ]
    report.remarks.append(
        f"All {steps * len(NAMES):,} numbers have the values that were logged, "
        f"{'but for: ' + ', '.join(other) if other else 'everywhere'}."
    )
    if min(map(len, results.values())) > 1:
        apart, way = max((spread(runs), way) for way, runs in results.items())
        report.remarks.append(
            f"Processor time differed by up to {apart:.0%} ({way}) between rounds."
        )
    return report


def cells(runs: list[Measured]) -> tuple[str, ...]:
    """What a way has cost: the median of its rounds, and of calls those of all rounds together."""
    spent = microseconds(runs)
    pictures = np.concatenate([one.pictures for one in runs]) / 1e3
    return (
        short(np.median(spent)),
        short(np.percentile(spent, 99)),
        short(spent.max() / 1e3),
        short(np.median(pictures)) if runs[0].shows_pictures else "none",
        *(short(middle(runs, name)) for name in ("wall", "closing", "processor")),
        *(f"{middle(runs, name) / 1e6:.0f}" for name in ("memory", "disk")),
        amounts({kind: read.numbers for kind, read in runs[-1].read.items()}),
        amounts({kind: read.pictures for kind, read in runs[-1].read.items()}),
    )


def work(steps: int, rounds: int, pause: float) -> str:
    """What was done."""
    paused = f" and {pause * 1e3:g} ms asleep after it" if pause else ""
    times = "once" if rounds == 1 else f"{rounds} times in turn"
    return f"{steps:,} steps, {steps // EVERY:,} with a picture{paused}; each way {times}."


def microseconds(runs: list[Measured]) -> np.ndarray:
    """What the steps with numbers only kept the calling thread, in all rounds."""
    return np.concatenate([one.numbers for one in runs]) / 1e3


def middle(runs: list[Measured], name: str) -> float:
    """The median of one figure over the rounds."""
    return float(np.median([getattr(one, name) for one in runs]))


def spread(runs: list[Measured]) -> float:
    """How far the processor times of the rounds are apart, as a share of the smallest."""
    spent = [one.processor for one in runs]
    return (max(spent) - min(spent)) / max(min(spent), 0.1)


def short(figure: float) -> str:
    """Two digits, or all before the point."""
    return f"{figure:.0f}" if figure >= 10 else f"{figure:.2g}"  # noqa: PLR2004


def amounts(found: dict[str, int]) -> str:
    """How many of something, in which files."""
    return ", ".join(f"{count:,} {kind}" for kind, count in found.items() if count) or "none"


def aim(reached: float, wanted: float) -> str:
    """Whether a figure is as low as wanted."""
    return f"aim {wanted:.2g}, {'reached' if reached <= wanted else 'MISSED'}"


if __name__ == "__main__":
    main()
