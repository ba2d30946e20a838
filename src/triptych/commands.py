"""Commands to show to a person: as they can be typed here and now."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def command(name: str) -> str:
    """The name of a program if it is on the PATH, else the one beside this Python.

    A virtual environment that was never activated has its programs in a folder of its own.
    """
    beside = Path(sys.executable).parent / name
    if shutil.which(name) is not None or not beside.exists():
        return name
    here = Path.cwd()
    return str(beside.relative_to(here) if beside.is_relative_to(here) else beside)
