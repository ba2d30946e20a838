"""The same few pictures in all the forms that users have them in, with the pixels to expect."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

RGB: Pixels = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
"""Small and of many colours."""

_GREY: Pixels = np.arange(6 * 8, dtype=np.uint8).reshape(6, 8) * 5
_SIDES = np.meshgrid(np.linspace(0, 255, 300), np.linspace(0, 255, 200))
PHOTO: Pixels = np.dstack([*_SIDES, np.full((200, 300), 90.0)]).astype(np.uint8)
"""Large and smooth, as photos are: it is stored as a JPEG."""


def forms() -> dict[str, tuple[Any, Pixels]]:
    """Gives for each form what the user has, and what a panel should show: (H, W) or (H, W, C)."""
    white = (RGB % 2) * np.uint8(255)  # bfloat16 has too few digits for the levels in between
    clear = np.dstack([RGB, _GREY])
    tensor = torch.from_numpy(RGB).permute(2, 0, 1)
    return {
        "uint8": (RGB, RGB),
        "float": (RGB / np.float32(255), RGB),
        "channels first": (tensor / 255, RGB),
        "bfloat16 with grad": (
            torch.from_numpy(white / 255).bfloat16().requires_grad_(),
            white,
        ),
        "grey": (_GREY / 255, _GREY),
        "bool": (_GREY > 100, (_GREY > 100) * np.uint8(255)),
        "transparent": (clear, clear),
        "PIL": (Image.fromarray(RGB), RGB),
    }
