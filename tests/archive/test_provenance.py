"""What a run remembers of where it came from."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import pytest

from triptych.archive import provenance

_PROGRAM = """
import json
import sys
from triptych.archive.provenance import collect

before = set(sys.modules)
told = collect()
heavy = {"torch", "numpy", "wandb", "rerun", "lightning"}
told["heavy"] = sorted(heavy & set(sys.modules) - before)
print(json.dumps(told, allow_nan=False))
"""


def _git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _collect(script: Path, *arguments: str, **variables: str) -> dict[str, Any]:
    """What a script in a fresh interpreter tells about itself, warnings being errors."""
    script.write_text(_PROGRAM)
    source = str(Path(provenance.__file__).parents[2])
    path = os.pathsep.join([source, os.environ.get("PYTHONPATH", "")])
    told = subprocess.run(
        [sys.executable, "-W", "error", str(script), *arguments],
        env={**os.environ, "PYTHONPATH": path, **variables},
        cwd=script.anchor,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(told.stdout))


def test_process_and_machine_are_told_without_loading_a_framework(tmp_path: Path) -> None:
    """From a script outside of any checkout, run elsewhere; the token on its line is masked."""
    script = tmp_path / "train.py"
    before = datetime.now(UTC)
    told = _collect(script, "--hub_token", "hunter2", "--lr", "0.1")
    started = datetime.fromisoformat(told["started"])
    assert before - timedelta(milliseconds=1) <= started <= datetime.now(UTC)
    assert told["command"][-5:] == [str(script), "--hub_token", "***", "--lr", "0.1"]
    assert {key: told[key] for key in ("folder", "script", "python", "memory", "heavy")} == {
        "folder": script.anchor,
        "script": str(script),
        "python": platform.python_version(),
        "memory": psutil.virtual_memory().total,
        "heavy": [],
    }
    assert told["cpu"]["threads"] == psutil.cpu_count()
    assert told["packages"]["rerun-sdk"] == version("rerun-sdk")
    assert list(told["missing"]) == ["git"]


def test_checkout_of_the_script_is_told(tmp_path: Path) -> None:
    """Commit, branch, changes and remote, of the script's folder and not of the working folder."""
    pytest.importorskip("git", reason="GitPython comes with triptych[all]")
    script = tmp_path / "scripts" / "train.py"
    script.parent.mkdir()
    script.write_text(_PROGRAM)
    _git(tmp_path, "init", "--initial-branch", "trial")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "--message", "first")
    _git(tmp_path, "remote", "add", "origin", "https://ada:hunter2@example.org/a/b.git")
    clean = _collect(script)["git"]
    _git(tmp_path, "mv", "scripts/train.py", "scripts/moved.py")
    _git(tmp_path, "checkout", "--detach")
    changed = _collect(tmp_path / "scripts" / "moved.py")["git"]
    commit = _git(tmp_path, "rev-parse", "HEAD")
    remote = "https://***@example.org/a/b.git"
    assert clean == {"commit": commit, "branch": "trial", "dirty": False, "remote": remote}
    assert changed == {"commit": commit, "branch": None, "dirty": True, "remote": remote}


def test_packages_are_told_as_pip_takes_them(tmp_path: Path) -> None:
    """From an index, a repository, an archive, and a folder, which is nowhere else."""
    place = tmp_path / "packages"
    origins = {
        "plain": None,
        "cloned": {
            "url": "https://ada:hunter2@example.org/a/b.git",
            "vcs_info": {"vcs": "git", "commit_id": "c0ffee"},
        },
        "fetched": {"url": "https://example.org/fetched-1.0.tar.gz", "archive_info": {}},
        "mine": {"url": "file:///home/ada/mine", "dir_info": {"editable": True}},
    }
    for name, origin in origins.items():
        folder = place / f"{name}-1.0.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        if origin is not None:
            (folder / "direct_url.json").write_text(json.dumps(origin))
    program = "import importlib.metadata, sys; from pathlib import Path; "
    program += "from triptych.archive import provenance; "
    program += "sys.path[:] = [sys.argv[2]]; provenance._keep(Path(sys.argv[1]))"
    source = str(Path(provenance.__file__).parents[2])
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "code"), str(place)],
        env={**os.environ, "PYTHONPATH": source},
        check=True,
    )
    assert (tmp_path / "code" / "requirements.txt").read_text().splitlines() == [
        "cloned @ git+https://***@example.org/a/b.git@c0ffee",
        "fetched @ https://example.org/fetched-1.0.tar.gz",
        "# mine==1.0 from file:///home/ada/mine",
        "plain==1.0",
    ]


def test_part_that_fails_is_named_and_the_rest_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A working folder that was removed, as on a cluster that cleans up."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    told = provenance.collect()
    assert told["pid"] == os.getpid()
    assert "folder" not in told
    missing = told["missing"]
    assert isinstance(missing, dict)
    assert missing["folder"] == "FileNotFoundError: [Errno 2] No such file or directory"
