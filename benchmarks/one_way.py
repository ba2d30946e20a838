"""One way of logging, measured in a process of its own."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from arrivals import Arrived
from footprint import bytes_on_disk, peak_memory, processor_time
from peer_rigs import RIGS
from rigs import NAMES

EVERY = 10  # steps between two pictures


@dataclass(frozen=True)
class Read:
    """What was read back from one kind of files.

    Attributes:
        numbers: How many numbers there are.
        pictures: How many pictures.
        whole: Whether the numbers are those that were logged, each at its place.
    """

    numbers: int
    pictures: int
    whole: bool


@dataclass(frozen=True)
class Measured:
    """What one way has cost, and what has arrived.

    Attributes:
        numbers: Nanoseconds of the calling thread, of each step that logged numbers only.
        pictures: The same of each step that logged a picture as well.
        wall: Seconds from the first step until everything was closed.
        closing: Those of them that closing took.
        processor: Seconds of all threads and of the processes that the way has started.
        memory: The most bytes that they held.
        disk: Bytes of the files.
        read: What they hold, by their kind.
    """

    numbers: npt.NDArray[np.int64]
    pictures: npt.NDArray[np.int64]
    wall: float
    closing: float
    processor: float
    memory: int
    disk: int
    read: dict[str, Read]

    @property
    def shows_pictures(self) -> bool:
        """Whether pictures have arrived anywhere, or nothing was to."""
        return not self.read or any(read.pictures for read in self.read.values())


def measure(name: str, folder: Path, photos: Path, steps: int, pause: float) -> Measured:
    """Log some steps in one way; a process can do this once.

    Args:
        name: A key of `RIGS`.
        folder: An empty one.
        photos: An .npy file of uint8 (N, H, W, 3), which are logged in turn.
        steps: How many.
        pause: Seconds asleep after each picture.
    """
    pixels = np.load(photos)
    numbers, pictures = [], []
    rig = RIGS[name](folder)
    used, began = processor_time(), time.perf_counter()
    for step in range(1, steps + 1):
        values = row(step)
        if step % EVERY:
            before = time.perf_counter_ns()
            rig.advance()
            rig.log(values)
            numbers.append(time.perf_counter_ns() - before)
        else:
            picture = pixels[step // EVERY % len(pixels)]
            before = time.perf_counter_ns()
            rig.advance()
            rig.log_picture(values, picture)
            pictures.append(time.perf_counter_ns() - before)
            time.sleep(pause)
    logged = time.perf_counter()
    peak = peak_memory()
    rig.close()
    closed = time.perf_counter()
    peak |= peak_memory()
    return Measured(
        numbers=np.array(numbers),
        pictures=np.array(pictures),
        wall=closed - began,
        closing=closed - logged,
        processor=processor_time() - used,
        memory=sum(peak.values()),
        disk=bytes_on_disk(folder),
        read={kind: check(arrived, steps) for kind, arrived in rig.arrived().items()},
    )


def row(step: int) -> dict[str, float]:
    """The ten numbers of a step: other ones each time, and exact in 32 bits."""
    return {name: step + index / 16 for index, name in enumerate(NAMES)}


def check(arrived: Arrived, steps: int) -> Read:
    """Compare what has arrived with what was logged."""
    expected = [row(step) for step in range(1, steps + 1)]
    return Read(
        numbers=sum(len(arrived.numbers[name]) for name in NAMES),
        pictures=arrived.pictures,
        whole=all(arrived.numbers[name] == [values[name] for values in expected] for name in NAMES),
    )
