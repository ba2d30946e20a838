"""`triptych` and `python -m triptych`, before any command does something."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import triptych
from tests.support import environment
from triptych.cli.app import app

COMMANDS = (
    "demo",
    "doctor",
    "export",
    "import",
    "ls",
    "prune",
    "repair",
    "rm",
    "screenshot",
    "sync",
)
HEAVY = ("matplotlib", "numpy", "PIL", "rerun", "torch", "wandb")


def _python(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment.isolated(home) | {"COLUMNS": "80"},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_module_is_the_command_line(tmp_path: Path) -> None:
    """Where the program is not on the PATH; a mistake in what is typed is exit code 2."""
    done = _python(tmp_path, "-m", "triptych", "--help")
    assert done.returncode == 0
    assert "Usage: python -m triptych [OPTIONS] COMMAND" in done.stdout
    assert all(f" {name} " in done.stdout for name in COMMANDS)
    assert _python(tmp_path, "-m", "triptych", "nonsense").returncode == 2


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    """So that it comes at once."""
    program = """if True:
        import sys
        from triptych.cli.app import app
        app(["--help"], standalone_mode=False)
        print("loaded:", *sys.modules)
    """
    done = _python(tmp_path, "-c", program)
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.partition("loaded:")[2].split()
    assert "rich" in loaded
    assert {name.partition(".")[0] for name in loaded}.isdisjoint(HEAVY)


def test_the_version_is_told() -> None:
    """That of the package."""
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.stdout) == (0, f"triptych {triptych.__version__}\n")


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_help_fits_a_narrow_terminal(command: tuple[str, ...]) -> None:
    """No line is longer than 80 columns, and no word of the options is cut off."""
    done = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "80"})
    assert done.exit_code == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "…" not in done.stdout.replace("RUN…", "")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("triptych s", {"screenshot", "show", "sync"}),
        ("triptych show la", {"latest"}),
        ("triptych rm --root elsewhere 2026", {"20260102-120000-cnn-abcde"}),
    ],
)
def test_the_shell_completes_commands_and_runs(
    tmp_path: Path, typed: str, offered: set[str]
) -> None:
    """Also those of another root, if it was said before."""
    run = tmp_path / "elsewhere" / "digits" / "20260102-120000-cnn-abcde"
    run.mkdir(parents=True)
    (run / "run.json").touch()
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv = ['triptych']; import triptych.__main__"],
        cwd=tmp_path,
        env=environment.isolated(tmp_path) | words | {"_TRIPTYCH_COMPLETE": "complete_bash"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert set(done.stdout.split()) == offered, done.stderr
