"""Warnings that point at the user's line, however deep in the library they arise."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

_HERE = str(Path(__file__).parent / "_")[:-1]  # ends in a separator


class TriptychWarning(UserWarning):
    """Something given to Triptych was not taken; training goes on."""


def warn_at_caller(message: str) -> None:
    """Warn at the innermost line that is not Triptych's own."""
    level = 2
    frame = sys._getframe(1)  # noqa: SLF001  # what `warnings` itself does to find a line
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
        level += 1
    warnings.warn(message, TriptychWarning, stacklevel=level)
