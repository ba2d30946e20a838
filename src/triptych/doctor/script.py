"""`Script`: what a dry run logs, so that it can be compared with what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

STEPS = 200
PATHS = ("train/loss", "train/accuracy", "train/lr", *(f"train/number-{k}" for k in range(5)))
PICTURE = "val/picture"
MEASURED_FROM = 20  # steps; before that everything is done for the first time
PICTURES_FROM = 180  # steps; before that numbers and lines are alone, and so is their cost
_PICTURE_EVERY = 4
_LINE_EVERY = 20
_SIDE = 256  # pixels


@dataclass(frozen=True, slots=True)
class Script:
    """Everything that is logged, by step, counted from 1.

    Attributes:
        numbers: float64 (STEPS, len(PATHS)).
        pictures: By step, uint8 (H, W, 3).
        lines: By step.
    """

    numbers: npt.NDArray[np.float64]
    pictures: dict[int, npt.NDArray[np.uint8]]
    lines: dict[int, str]

    @classmethod
    def make(cls) -> Self:
        """The same at every call."""
        chance = np.random.default_rng(0)
        shades = np.linspace(0, 255, _SIDE)
        pictures = {}
        for step in range(PICTURES_FROM + _PICTURE_EVERY, STEPS + 1, _PICTURE_EVERY):
            waves = np.add.outer(np.sin(shades / step), np.cos(shades / step))
            planes = np.stack([waves * 60 + 128, np.tile(shades, (_SIDE, 1)), waves * 20 + 60], 2)
            pictures[step] = planes.astype(np.uint8)
        return cls(
            numbers=chance.normal(size=(STEPS, len(PATHS))),
            pictures=pictures,
            lines={
                step: f"line of step {step} of the dry run"
                for step in range(_LINE_EVERY, STEPS + 1, _LINE_EVERY)
            },
        )
