"""A part of the examination in a process of its own, where it can hang or crash by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from triptych.archive.secrets import mask_text


class ChildFailed(Exception):  # noqa: N818  # it says what happened
    """The process did not come to its end; the message says why."""


def ask(module: str, *arguments: str, patience: float, env: Mapping[str, str]) -> str:
    """Run a module of ours, and give the last line that it prints.

    Args:
        module: Such as "triptych.doctor.login".
        arguments: For the module.
        patience: Seconds until it is killed.
        env: Variables besides those of this process.

    Raises:
        ChildFailed: It was killed, or ended with an error.
    """
    command = [sys.executable, "-P", "-m", module, *arguments]  # -P: not from the current folder
    try:
        done = subprocess.run(  # noqa: S603  # our own command line, and no shell
            command,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,  # nobody can be asked
            capture_output=True,
            text=True,
            errors="replace",
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ChildFailed(f"it was not done within {patience:.0f} s") from None
    printed = done.stdout.strip().splitlines()
    if done.returncode or not printed:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise ChildFailed(mask_text(said[-1]))
    return printed[-1]
