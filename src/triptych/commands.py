"""Commands to show to a person: as they can be typed here and now."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def short(call: str) -> str:
    """A path, or a command that ends with one, as it can be typed in the current folder."""
    head, space, tail = call.rpartition(" ")
    path, here = Path(tail), Path.cwd()
    return f"{head}{space}{path.relative_to(here)}" if path.is_relative_to(here) else call


def command(name: str) -> str:
    """The name of a program if it is on the PATH, else the one beside this Python.

    A virtual environment that was never activated has its programs in a folder of its own.
    """
    beside = Path(sys.executable).parent / name
    if shutil.which(name) is not None or not beside.exists():
        return name
    here = Path.cwd()
    return str(beside.relative_to(here) if beside.is_relative_to(here) else beside)
