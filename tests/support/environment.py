"""Runs Python programs in children of their own, away from the settings of whoever runs the tests.

W&B reads its environment once in a process, so whatever needs another one needs another process.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

_ROOT = Path(__file__).parents[2]


def isolated(home: Path) -> dict[str, str]:
    """Makes an environment in which W&B sees no key, no settings and no cache but those in `home`.

    Args:
        home: a folder that exists; runs go to `home/wandb` where the program names no folder.

    Returns:
        A whole environment: the present one without `WANDB_*` and `RERUN*`, plus what isolates. It
        is quiet, finds this checkout's sources, and leaves the mode to the program.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("WANDB_", "RERUN"))}
    folders = {f"WANDB_{name}_DIR": str(home / name) for name in ("CONFIG", "CACHE", "DATA")}
    return {
        **kept,
        **folders,
        "HOME": str(home),
        "NETRC": str(home / "netrc"),
        "PYTHONPATH": os.pathsep.join([str(_ROOT / "src"), str(_ROOT)]),
        "WANDB_DIR": str(home),
        "WANDB_ERROR_REPORTING": "false",
        "WANDB_SILENT": "true",
    }


def start(program: str, env: dict[str, str], *, cwd: Path | None = None) -> subprocess.Popen[str]:
    """Starts a program; use it in a `with` and end it there. Its three streams are text pipes."""
    command = [sys.executable, "-c", dedent(program)]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, env=env, cwd=cwd, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )


def run(program: str, env: dict[str, str], *, cwd: Path | None = None, timeout: float = 60) -> str:
    """Runs a program to its end.

    Returns:
        What it printed to stdout.

    Raises:
        AssertionError: it failed; the message holds its stderr.
        subprocess.TimeoutExpired: it took longer than `timeout` seconds, and was killed.
    """
    command = [sys.executable, "-c", dedent(program)]
    done = subprocess.run(
        command, env=env, cwd=cwd, capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == 0, f"The program ended with {done.returncode}:\n{done.stderr}"
    return done.stdout
