"""`triptych doctor`, as it is typed: on a machine that is ready, and on one with planted faults."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from itertools import pairwise
from pathlib import Path

from tests.support import environment
from tests.support.wandb_server import API_KEY, WandbServer

_NO_DRIVER = {"VK_DRIVER_FILES": "/none.json", "VK_ICD_FILENAMES": "/none.json"}
"""With them the viewer gives up at once."""


def _doctor(home: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "triptych", "doctor", *arguments],
        cwd=home,
        env=environment.isolated(home) | _NO_DRIVER | env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


def test_a_machine_that_is_ready(tmp_path: Path) -> None:
    """For machines: every finding, and what the dry run has measured; nothing is left or sent."""
    with WandbServer() as server:
        done = _doctor(tmp_path, "--json", "--rate", "2", **server.env())
        assert set(server.requests) <= {"Viewer", "ServerFeaturesQuery"}
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told["ready"] is True
    assert all(bool(one["fix"]) == (one["level"] != "green") for one in told["findings"])
    found = {one["subject"]: one["level"] for one in told["findings"]}
    assert found["W&B"] == "green"
    assert found["drawing"] == "yellow"
    assert [found[name] for name in ("rerun", "text", "wandb")] == ["green"] * 3
    assert told["dry_run"]["rate"] == 2.0
    assert {one["name"]: one["came_back"] for one in told["dry_run"]["sinks"]} == {
        "rerun": {"numbers": 1600, "pictures": 5, "lines": 10},
        "text": {"lines": 10},
        "wandb": {"numbers": 1600, "pictures": 5, "lines": 10},
    }
    assert not (tmp_path / "runs").exists()


def test_planted_faults_are_told_each_with_a_fix(tmp_path: Path) -> None:
    """A whole line each, for whoever reads a pipe; the key is in none of them."""
    (tmp_path / "runs").touch()
    (tmp_path / "bin").mkdir()
    viewer = tmp_path / "bin" / "rerun"
    viewer.write_text("#!/bin/sh\necho 'rerun-cli 0.22.1'\n")
    viewer.chmod(0o755)
    faults = {
        "PATH": f"{viewer.parent}{os.pathsep}{os.environ['PATH']}",
        "RANK": "4",
        "WORLD_SIZE": "4",
        "WANDB_API_KEY": API_KEY,
        "WANDB_BASE_URL": "https://wandb.ai",
    }
    done = _doctor(tmp_path, **faults)
    assert done.returncode == 1
    assert done.stderr == ""
    assert API_KEY not in done.stdout
    lines = done.stdout.splitlines()
    fixes = {
        " ".join(line.split()[:2]): after.strip()
        for line, after in pairwise(lines)
        if after.strip().startswith("fix: ")
    }
    expected = {
        "FAIL folder": "fix: pass --root, ",
        "FAIL ranks": "fix: unset RANK and WORLD_SIZE",
        "FAIL W&B": "fix: correct or unset WANDB_BASE_URL",
        "FAIL viewer": "fix: put ",
        "note drawing": "fix: install one, such as Debian's mesa-vulkan-drivers",
        "note dry": "fix: mend the folder",
    }
    assert fixes.keys() == expected.keys()
    assert all(fixes[name].startswith(fix) for name, fix in expected.items())
    assert lines[-1] == "not ready: 4 ok, 2 notes, 4 FAIL"


def test_lines_are_broken_on_a_narrow_terminal(tmp_path: Path) -> None:
    """Below their own beginning, in colour."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 64, 0, 0))
    env = environment.isolated(tmp_path) | _NO_DRIVER
    env |= {"TERM": "xterm", "WANDB_MODE": "offline"}
    env.pop("COLUMNS", None)
    command = [sys.executable, "-m", "triptych", "doctor", "--no-dry-run"]
    done = subprocess.run(
        command, cwd=tmp_path, env=env, stdout=theirs, stderr=subprocess.PIPE, check=False
    )
    os.close(theirs)
    text = b""
    while chunk := _read(ours):
        text += chunk
    os.close(ours)
    assert done.returncode == 0, text
    assert b"\x1b[32m" in text
    lines = text.decode().replace("\x1b[0m", "").splitlines()
    whole = [line for line in lines if not line.startswith("\x1b")]
    assert max(map(len, whole)) <= 64
    assert any(line.startswith(" " * 18) for line in whole)
    assert lines[-1].startswith("ready: ")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # everything has been read, and nobody writes any more
        return b""
