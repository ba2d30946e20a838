"""Colours that mean the same everywhere: one for each class, and maps from numbers to colours."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

ColourMap = Literal[
    "viridis", "inferno", "magma", "plasma", "turbo", "gray", "cividis", "coolwarm", "twilight"
]
"""From low to high, by matplotlib's names. "coolwarm" suits signed numbers, "twilight" angles."""

# Apart from each other also for most people who do not tell red from green.
_FIRST: tuple[Colour, ...] = (
    (90, 160, 240),
    (245, 120, 60),
    (95, 200, 150),
    (225, 205, 95),
    (165, 135, 235),
    (225, 110, 160),
    (110, 205, 225),
    (170, 170, 170),
)
_BACKGROUNDS = frozenset({"background", "bg", "none", "unlabeled", "unlabelled", "void", "ignore"})
_GOLDEN = 0.618033988749895  # turns that never come close to an earlier hue


def class_colour(class_id: int) -> Colour:
    """The colour of a class: the same in the recording and in every picture that we draw.

    W&B chooses its own for boxes and masks that it draws itself, and cannot be told another (0.31).

    Args:
        class_id: 0 or more.
    """
    if class_id < len(_FIRST):
        return _FIRST[class_id]
    hue = class_id * _GOLDEN % 1.0
    light = (0.55, 0.7)[class_id % 2]
    red, green, blue = (round(255 * part) for part in colorsys.hls_to_rgb(hue, light, 0.75))
    return red, green, blue


def is_background(class_id: int, name: str) -> bool:
    """Whether a class of a mask is what lies behind all others: 0, unless its name says no."""
    return class_id == 0 and name.lower() in _BACKGROUNDS


def mask_names(mask: npt.NDArray[Any], classes: Mapping[int, str]) -> dict[int, str]:
    """A name for each class that a mask holds; a nameless 0 is the background."""
    unnamed = {0: "background", **classes}
    return {int(key): unnamed.get(int(key), str(key)) for key in np.unique(mask)}


def read_colours(name: str, known: object = ColourMap) -> str:
    """Let pass the name of a colour map.

    Args:
        name: What the user passed.
        known: The `Literal` it must be one of.

    Raises:
        ValueError: It is none of them.
    """
    names = get_args(known)
    if name not in names:
        raise ValueError(f"colours must be one of {', '.join(names)}, not {name!r}.")
    return name
