"""What a run keeps of its sources, and that the tree can be built again from it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from triptych.archive import sources

pytest.importorskip("git", reason="GitPython comes with triptych[all]")

_PROGRAM = """
import json
import sys
from pathlib import Path
from triptych.archive.sources import describe, keep_script

folder = Path(sys.argv[1])
print(json.dumps({**describe(folder), "copy": keep_script(folder)}))
"""


def _git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _checkout(folder: Path) -> Path:
    """A checkout with one commit: a program, a picture and a text."""
    folder.mkdir()
    (folder / "train.py").write_text(_PROGRAM)
    (folder / "weights.bin").write_bytes(bytes(range(256)) * 4)
    (folder / "notes.txt").write_text("one\ntwo\nthree\n")
    (folder / "old.txt").write_text("gone soon\n")
    _git(folder, "init", "--initial-branch", "trial")
    _git(folder, "add", ".")
    _git(folder, "commit", "--message", "first")
    return folder


def _describe(checkout: Path, run: Path) -> dict[str, Any]:
    """What a script in the checkout tells about it, in a process of its own."""
    run.mkdir(exist_ok=True)
    package = str(Path(sources.__file__).parents[2])
    path = os.pathsep.join([package, os.environ.get("PYTHONPATH", "")])
    told = subprocess.run(
        [sys.executable, "-W", "error", str(checkout / "train.py"), str(run)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(told.stdout))


def _tree(folder: Path) -> dict[str, bytes]:
    """The tracked files and what is in them."""
    names = _git(folder, "ls-files", "--deduplicate").splitlines()
    return {name: (folder / name).read_bytes() for name in names if (folder / name).exists()}


def test_the_tree_is_built_again_from_what_the_run_keeps(tmp_path: Path) -> None:
    """Changed, added, removed, binary and staged files, from the commit and the patch alone."""
    checkout, run = _checkout(tmp_path / "checkout"), tmp_path / "run"
    (checkout / "notes.txt").write_text("one\n2\nthree\nfour")
    (checkout / "weights.bin").write_bytes(bytes(range(255, -1, -1)) * 4)
    (checkout / "old.txt").unlink()
    (checkout / "new é.py").write_text("x = 1\n")
    _git(checkout, "add", "new é.py")
    (checkout / "scratch.txt").write_text("mine\n")
    told = _describe(checkout, run)

    again = tmp_path / "again"
    _git(tmp_path, "clone", "--quiet", str(checkout), str(again))
    _git(again, "checkout", "--quiet", told["commit"])
    _git(again, "apply", "--index", "--unidiff-zero", str(tmp_path / told["patch"]))
    assert _tree(again) == _tree(checkout)
    assert told["dirty"] is True
    assert told["masked"] == 0
    assert told["untracked"] == ["scratch.txt"]
    assert (run / told["copy"]).read_text() == _PROGRAM
    assert {(run / name).stat().st_mode & 0o777 for name in ("script.py", "changes.patch")} == {
        0o600
    }


def test_the_patch_is_for_git_whatever_the_user_has_configured_for_the_eye(tmp_path: Path) -> None:
    """Prefixes, colours, context between hunks, and a filter that makes text of what is none."""
    checkout, run = _checkout(tmp_path / "checkout"), tmp_path / "run"
    for name, value in {
        "diff.noprefix": "true",
        "diff.interHunkContext": "5",
        "diff.shout.textconv": "tr a-z A-Z <",
        "color.ui": "always",
    }.items():
        _git(checkout, "config", name, value)
    (checkout / ".git" / "info" / "attributes").write_text("*.txt diff=shout\n")
    (checkout / "notes.txt").write_text("1\ntwo\n3\n")
    told = _describe(checkout, run)
    again = tmp_path / "again"
    _git(tmp_path, "clone", "--quiet", str(checkout), str(again))
    _git(again, "apply", "--unidiff-zero", str(tmp_path / told["patch"]))
    assert _tree(again) == _tree(checkout)
    assert "two" not in (run / "changes.patch").read_text()  # it was not changed


def test_changes_in_a_submodule_are_kept_too(tmp_path: Path) -> None:
    """Committed there or not: the tree comes back from what the outer commit names."""
    library, checkout = _checkout(tmp_path / "library"), _checkout(tmp_path / "checkout")
    _add_submodule = ("-c", "protocol.file.allow=always", "submodule")
    _git(checkout, *_add_submodule, "--quiet", "add", str(library), "lib")
    _git(checkout, "commit", "--message", "with a library")
    inner = checkout / "lib"
    (inner / "notes.txt").write_text("one\n2\nthree\n")
    _git(inner, "commit", "--all", "--message", "nobody has seen this")
    (inner / "weights.bin").write_bytes(bytes(100))
    (inner / "scratch.txt").write_text("mine\n")
    (checkout / "notes.txt").unlink()
    told = _describe(checkout, tmp_path / "run")

    again = tmp_path / "again"
    _git(tmp_path, "clone", "--quiet", str(checkout), str(again))
    _git(again, *_add_submodule, "--quiet", "update", "--init")
    _git(again, "apply", "--unidiff-zero", str(tmp_path / told["patch"]))
    assert _tree(again / "lib") == _tree(inner)
    assert not (again / "notes.txt").exists()
    assert told["untracked"] == ["lib/scratch.txt"]


def test_files_that_git_does_not_know_are_no_change(tmp_path: Path) -> None:
    """In a submodule as little as elsewhere."""
    library, checkout = _checkout(tmp_path / "library"), _checkout(tmp_path / "checkout")
    _git(checkout, "-c", "protocol.file.allow=always", "submodule", "add", str(library), "lib")
    _git(checkout, "commit", "--message", "with a library")
    (checkout / "lib" / "scratch.txt").write_text("mine\n")
    told = _describe(checkout, tmp_path / "run")
    assert told["dirty"] is False
    assert told["untracked"] == ["lib/scratch.txt"]
    assert "patch" not in told


def test_more_unknown_files_than_git_can_name_in_time_cost_no_patch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A data set in the checkout, say: its folder is named instead."""
    checkout, run = _checkout(tmp_path / "checkout"), tmp_path / "run"
    (checkout / "notes.txt").unlink()
    (checkout / "data").mkdir()
    (checkout / "data" / "1.png").touch()
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text(
        '#!/bin/sh\ncase "$*" in *files=all*) exec sleep 60;; esac\n'
        f'exec {shutil.which("git")} "$@"\n'
    )
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}{os.pathsep}{os.environ['PATH']}")
    told = _describe(checkout, run)
    assert told["untracked"] == ["data/"]
    assert "deleted file mode" in (run / "changes.patch").read_text()


@pytest.mark.parametrize(
    ("prepare", "why"),
    [((), "is in no git repository"), (("init", "-b", "trial"), "does not have any commits yet")],
)
def test_without_a_commit_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prepare: tuple[str, ...], why: str
) -> None:
    """In words for a person."""
    if prepare:
        _git(tmp_path, *prepare)
    monkeypatch.setattr(
        sys.modules["__main__"], "__file__", str(tmp_path / "train.py"), raising=False
    )
    monkeypatch.setenv("LC_ALL", "C")
    with pytest.raises((LookupError, OSError), match=why):
        sources.describe()


def test_a_clean_checkout_has_no_patch(tmp_path: Path) -> None:
    """There is nothing to keep but the commit."""
    checkout = _checkout(tmp_path / "checkout")
    told = _describe(checkout, tmp_path / "run")
    assert told == {
        "commit": _git(checkout, "rev-parse", "HEAD"),
        "branch": "trial",
        "remote": None,
        "dirty": False,
        "copy": "script.py",
    }
    assert not (tmp_path / "run" / "changes.patch").exists()


def test_secrets_in_a_patch_are_masked_and_counted(tmp_path: Path) -> None:
    """The patch can still be applied: only lines that were added are another."""
    checkout, run = _checkout(tmp_path / "checkout"), tmp_path / "run"
    (checkout / "notes.txt").write_text("secret=sesame\none\n")
    _git(checkout, "commit", "--all", "--message", "oh no")
    (checkout / "notes.txt").write_text("secret=sesame\napi_key=hunter2\nthree\n")
    told = _describe(checkout, run)
    again = tmp_path / "again"
    _git(tmp_path, "clone", "--quiet", str(checkout), str(again))
    _git(again, "apply", "--unidiff-zero", str(tmp_path / told["patch"]))
    assert told["masked"] == 1
    patch = (run / "changes.patch").read_text()
    assert "hunter2" not in patch
    assert "sesame" not in patch  # git puts a line from further above beside the line numbers
    assert (again / "notes.txt").read_text() == "secret=sesame\napi_key=***\nthree\n"


def test_a_patch_that_is_too_large_is_left_out_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A data file that somebody tracks does not fill the run folder."""
    checkout, run = _checkout(tmp_path / "checkout"), tmp_path / "run"
    run.mkdir()
    (checkout / "notes.txt").write_text("x" * (sources.DIFF_LIMIT + 1))
    monkeypatch.setattr(
        sys.modules["__main__"], "__file__", str(checkout / "train.py"), raising=False
    )
    told = sources.describe(run)
    assert told["patch"] is None
    assert "bytes are more than 10,485,760" in str(told["why"])
    assert list(run.iterdir()) == []
