"""`triptych demo`, as it is typed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support import environment
from triptych.cli.app import app
from triptych.cli.demo import EXAMPLES

_PROJECT = Path(__file__).parents[2]


def _story(home: Path) -> dict[str, object]:
    (told,) = home.glob("my runs/digits/*/run.json")
    story: dict[str, object] = json.loads(told.read_text())
    return story


def _start(home: Path, *arguments: str, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "triptych", "demo", *arguments],
        cwd=home,
        env=environment.isolated(home) | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # as a terminal does, which tells all of it of a Ctrl-C
    )


def test_it_trains_and_says_what_to_look_at(tmp_path: Path) -> None:
    """In this folder, and offline even where there is a key."""
    with _start(tmp_path, "--epochs", "1", "--root", "my runs", WANDB_API_KEY="f" * 40) as child:
        out, err = child.communicate(timeout=120)
    assert child.returncode == 0, err
    story = _story(tmp_path)
    assert (story["status"], story["step"]) == ("finished", 23)
    assert len(list(tmp_path.glob("my runs/digits/*/wandb/offline-run-*"))) == 1
    for verb in ("view", "show", "sync"):
        assert f"triptych {verb} latest --root 'my runs'\n" in out


def test_ctrl_c_ends_the_run_and_its_exit_code_stays(tmp_path: Path) -> None:
    """The training closes its run; the command waits for it, and says nothing more."""
    with _start(tmp_path, "--epochs", "1000", "--root", "my runs") as child:
        assert child.stderr is not None
        while "step 1 " not in child.stderr.readline():
            pass
        os.killpg(child.pid, signal.SIGINT)
        out, err = child.communicate(timeout=120)
    assert child.returncode == 130, err
    assert out == ""
    assert _story(tmp_path)["status"] == "interrupted"


@pytest.mark.parametrize(
    ("kind", "missing", "install"),
    [
        ("vanilla", "torch", "torch scikit-learn"),
        ("lightning", "lightning", '"triptych[lightning]" scikit-learn'),
        ("hf", "transformers", '"triptych[hf]" torch scikit-learn'),
    ],
)
def test_it_says_what_to_install(
    kind: str, missing: str, install: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything has happened."""
    monkeypatch.setitem(sys.modules, missing, None)
    done = CliRunner().invoke(app, ["demo", kind])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: this demo needs {missing}: ")
    assert done.stderr.endswith(f"pip install {install}\n")


def test_the_wheel_has_every_example() -> None:
    """There is one copy of the code; in the wheel it lies where it is looked for."""
    project = tomllib.loads((_PROJECT / "pyproject.toml").read_text())
    taken = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    paths = [example.path for example in EXAMPLES.values()]
    assert taken == {f"examples/{path}": f"triptych/examples/{path}" for path in paths}
    assert all((_PROJECT / "examples" / path).is_file() for path in paths)
