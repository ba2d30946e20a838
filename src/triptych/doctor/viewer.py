"""Whether the viewer that opens recordings is the right one, and whether it can draw here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from triptych.commands import command
from triptych.doctor.finding import Finding, green, red, yellow
from triptych.viewer.headless import NoVulkan, open_viewer

_ANSWER = 5.0  # seconds for a version
_DRAWING = 6.0  # for each of starting and drawing
_NUMBERS = re.compile(r"(\d+)\.(\d+)\.\d+\S*")


def check_viewer() -> list[Finding]:
    """The program by its version, and its pictures by taking one."""
    return [_check_program(), _check_drawing()]


def _check_program() -> Finding:
    """Compare the `rerun` that a shell finds with the package that writes recordings."""
    program = command("rerun")
    path = shutil.which(program)
    try:
        sdk = version("rerun-sdk")
        if path is None:
            raise FileNotFoundError(f"there is no program {program!r}")
        found = _version_of(path)
    except (PackageNotFoundError, OSError, ValueError, subprocess.SubprocessError) as why:
        return red("viewer", f"cannot be asked for its version: {why}", "pip install rerun-sdk")
    ours, theirs = _minor(sdk), _minor(found)
    if theirs == ours:
        return green("viewer", f"{path} is {found}, as rerun-sdk is")
    what = f"{path} is {found}, but recordings are written by rerun-sdk {sdk}"
    beside = Path(sys.executable).with_name("rerun")
    fix = f"put {beside.parent} first in PATH" if beside.exists() else f"remove {path}"
    # a viewer opens what is older than itself
    return red("viewer", what, fix) if theirs < ours else yellow("viewer", what, fix)


def _check_drawing() -> Finding:
    try:
        with open_viewer((320, 240), patience=_DRAWING) as viewer:
            viewer.look()
    except NoVulkan as why:
        what, _, fix = str(why).partition(": ")
        return yellow("drawing", f"{what}; recordings are written all the same", fix.rstrip("."))
    except (OSError, RuntimeError) as why:  # a time-out is an OSError
        what = f"the viewer cannot draw: {str(why).splitlines()[-1]}"
        return yellow("drawing", what, "try `triptych screenshot` with a run, which says more")
    return green("drawing", "the viewer draws without a display, for snapshots")


def _version_of(program: str) -> str:
    """What it prints, such as "rerun-cli 0.41.0 [rustc …]".

    Raises:
        ValueError: That is no version.
    """
    done = subprocess.run(  # noqa: S603  # Rerun's own program, and no shell
        [program, "--version"],
        env={**os.environ, "CI": "1"},  # Rerun counts no visit there
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_ANSWER,
        check=False,
    )
    found = _NUMBERS.search(done.stdout)
    if found is None:
        raise ValueError(f"{program} says {(done.stdout or done.stderr).strip()[:80]!r}")
    return found[0]


def _minor(text: str) -> tuple[int, int]:
    found = _NUMBERS.match(text)
    if found is None:
        raise ValueError(f"{text!r} is no version")
    return int(found[1]), int(found[2])
