"""Online, offline or not at all: decided without asking anybody, and without a wait."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest

from tests.support import environment, run_folder
from triptych.sinks.wandb import WandbSink


@pytest.mark.parametrize("mode", ["auto", "online"])
def test_without_a_key_nobody_is_asked(mode: str, tmp_path: Path) -> None:
    """On a terminal too, and whatever WANDB_MODE says: offline, without a prompt or a wait."""
    program = dedent("""
        import triptych
        with triptych.run("keyless", root="runs") as run:
            for _ in run.steps(range(3)):
                run.log({"loss": 1.0})
    """)
    settings = {} if mode == "auto" else {"WANDB_MODE": mode}
    env = environment.isolated(tmp_path) | settings
    del env["WANDB_SILENT"]  # W&B asks nobody where it is silent
    parent, terminal = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", program],
        env=env | {"TERM": "xterm"},
        cwd=tmp_path,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    said, began = _said(parent), time.monotonic()
    code = child.wait(timeout=60)

    assert code == 0, said
    assert time.monotonic() - began < 30
    panels = run_folder.find(tmp_path / "runs")
    assert panels.wandb_folder.name.startswith("offline-run-")
    assert [value for _, value in panels.wandb.curve("loss")]
    assert ("WANDB_MODE is online, but there is no API key" in panels.log) == (mode == "online")


def _said(terminal: int) -> str:
    """Reads a terminal until its other side is closed."""
    said = b""
    while True:
        try:
            said += os.read(terminal, 4096)
        except OSError:  # Linux says so at the end
            os.close(terminal)
            return said.decode(errors="replace")


def test_the_mode_of_the_environment_is_respected(tmp_path: Path) -> None:
    """WANDB_MODE=disabled leaves no trace of W&B."""
    program = """
        import triptych
        with triptych.run("off", root="runs", console=False) as run:
            run.log({"loss": 1.0})
        print(sorted(run.totals.sinks))
    """
    env = environment.isolated(tmp_path) | {"WANDB_MODE": "disabled"}

    assert environment.run(program, env, cwd=tmp_path) == "['rerun', 'text']\n"
    assert list((tmp_path / "runs").rglob("*wandb*")) == []


def test_online_without_a_key_is_an_error() -> None:
    """At once, before a folder is made, and the message says what to do."""
    with pytest.raises(ValueError, match='pass wandb="offline"'):
        WandbSink("online")


@pytest.mark.parametrize("target", ["sometimes", 3, None, object()])
def test_anything_else_is_an_error(target: object) -> None:
    """The message names what there is."""
    with pytest.raises(
        ValueError, match=r'"auto", "online", "offline", False or an open wandb.Run'
    ):
        WandbSink(target)
