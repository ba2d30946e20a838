"""What the sinks have written is read back, and compared with what was logged."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from triptych.archive.importing.items import Number
from triptych.archive.importing.wandb_folder import WandbFolder
from triptych.archive.reader import open_run
from triptych.doctor.script import PATHS, PICTURE, STEPS, Script
from triptych.pipeline.records import Record, Words
from triptych.visuals import Image

_SAME = 8.0  # mean difference of the pixels: a picture may have become a JPEG
_PATIENCE = 3.0  # seconds until W&B's own process has written everything


@dataclass(frozen=True, slots=True)
class Found:
    """What lies on disk.

    Attributes:
        numbers: For each path, (step, value): the mean of what was logged since the step before.
            None where a panel is not meant to have every number.
        pictures: uint8 (H, W, 3) by step; None where it shows none.
        lines: As they stand there.
    """

    numbers: dict[str, list[tuple[int, float]]] | None
    pictures: dict[int, npt.NDArray[np.uint8]] | None
    lines: list[str]


def compare(sink: str, folder: Path, script: Script) -> tuple[dict[str, int], tuple[str, ...]]:
    """Read one panel of a run that has ended.

    Returns:
        How much came back of each kind, and what did not, in words.
    """
    until = time.monotonic() + (_PATIENCE if sink == "wandb" else 0.0)
    while True:
        try:
            found = _READERS[sink](folder)
        except (OSError, ValueError, KeyError) as why:
            return {}, (f"cannot be read: {why}",)
        counts = _counts(found, script)
        problems = tuple(
            f"{wanted - came} of {wanted} {kind} did not come back"
            for kind, (came, wanted) in counts.items()
            if came < wanted
        )
        if not problems or time.monotonic() > until:
            return {kind: came for kind, (came, _) in counts.items()}, problems
        time.sleep(0.1)


def _counts(found: Found, script: Script) -> dict[str, tuple[int, int]]:
    """How many of each kind came back, and how many were logged."""
    counts = {}
    if found.numbers is not None:
        same = sum(_agreeing(found.numbers.get(path, []), script, path) for path in PATHS)
        counts["numbers"] = (same, script.numbers.size)
    if found.pictures is not None:
        alike = sum(
            step in found.pictures and _looks_like(found.pictures[step], picture)
            for step, picture in script.pictures.items()
        )
        counts["pictures"] = (alike, len(script.pictures))
    there = sum(any(text in line for line in found.lines) for text in script.lines.values())
    counts["lines"] = (there, len(script.lines))
    return counts


def _agreeing(rows: list[tuple[int, float]], script: Script, path: str) -> int:
    """How many numbers of a path went into rows that say what they should."""
    logged = script.numbers[:, PATHS.index(path)]
    agreeing = before = 0
    for step, value in sorted(rows):
        window = logged[before : min(step, STEPS)]
        if len(window) and np.isclose(window.mean(), value, rtol=1e-9, atol=0):
            agreeing += len(window)
        before = step
    return agreeing


def _looks_like(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> bool:
    return one.shape == other.shape and bool(np.abs(one.astype(float) - other).mean() < _SAME)


def _from_recording(folder: Path) -> Found:
    reader = open_run(folder)
    numbers = {
        path: list(zip(curve.steps.tolist(), curve.values.tolist(), strict=True))
        for path, curve in reader.curves.items()
    }
    pictures = {step: np.asarray(image.convert("RGB")) for step, image in reader.images(PICTURE)}
    return Found(numbers, pictures, [line.text for line in reader.texts()])


def _from_wandb(folder: Path) -> Found:
    (place,) = (folder / "wandb").glob("*run-*")
    numbers: dict[str, list[tuple[int, float]]] = {}
    pictures, lines = {}, []
    for item in WandbFolder(place).items():
        if isinstance(item, Number):
            numbers.setdefault(item.path, []).append((item.step, item.value))
        elif isinstance(item, Record) and isinstance(item.value, Words):
            lines.append(item.value.text)
        elif isinstance(item, Record) and isinstance(item.value, Image):
            pictures[item.stamp.step] = np.asarray(item.value.pixels.convert("RGB"))
    return Found(numbers, pictures, lines)


def _from_text(folder: Path) -> Found:
    lines = (folder / "train.log").read_text("utf-8").splitlines()
    return Found(numbers=None, pictures=None, lines=lines)


_READERS: dict[str, Callable[[Path], Found]] = {
    "rerun": _from_recording,
    "wandb": _from_wandb,
    "text": _from_text,
}
