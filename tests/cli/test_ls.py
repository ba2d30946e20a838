"""`triptych ls`, as it is typed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import triptych
from triptych.cli.app import app
from triptych.sinks.memory import MemorySink

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two runs of two projects below ./runs, the second failed."""
    monkeypatch.chdir(tmp_path)
    found = []
    for project, status in (("digits", "finished"), ("letters", "failed")):
        with triptych.run(project, "cnn", sinks=[MemorySink()], console=False) as run:
            for loss in (0.5, 0.25):
                run.advance()
                run.log({"train/loss": loss, "lr": 0.1})
            run.close(status)
        found.append(run.id)
    return sorted(found)


def test_runs_of_all_projects_are_listed(ids: list[str]) -> None:
    """How each ended, where and after what time, its newest losses, its size and its project."""
    done = CliRunner().invoke(app, ["ls"])
    assert done.exit_code == 0
    header, *lines = [line.split() for line in done.stdout.splitlines()]
    titles = ["run", "status", "step", "took", "train/loss", "lr", "size", "project"]
    assert header == titles
    assert [line[0] for line in lines] == ids
    assert sorted(line[1:3] + line[5:7] + line[9:] for line in lines) == [
        ["failed", "2", "0.25", "0.1", "letters"],
        ["finished", "2", "0.25", "0.1", "digits"],
    ]


def test_a_narrow_terminal_shows_what_matters_most(
    ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole ids, and as many columns as there is room for."""
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    monkeypatch.setenv("COLUMNS", "60")
    done = CliRunner().invoke(app, ["ls"], color=False)
    lines = _ANSI.sub("", done.stdout).splitlines()
    assert max(map(len, lines)) <= 60
    assert [line.split()[0] for line in lines[1:]] == ids
    assert lines[0].split() == ["run", "status", "step", "took"]


def test_a_damaged_run_does_not_hide_the_others(ids: list[str]) -> None:
    """It says so itself."""
    damaged = next(Path("runs").glob(f"*/{ids[0]}"))
    (damaged / "run.json").write_text("{")
    lines = CliRunner().invoke(app, ["ls"]).stdout.splitlines()[1:]
    assert lines[0].split()[:2] == [ids[0], "damaged"]
    assert lines[1].split()[0] == ids[1]


def test_machines_get_a_list(ids: list[str]) -> None:
    """With every metric, and bytes as a number."""
    rows = json.loads(CliRunner().invoke(app, ["ls", "--json"]).stdout)
    assert [row["id"] for row in rows] == ids
    assert rows[0]["metrics"] == {"lr": 0.1, "train/loss": 0.25}
    assert (
        rows[0]["bytes"] > (Path("runs") / rows[0]["project"] / ids[0] / "run.json").stat().st_size
    )


def test_no_runs_are_said(tmp_path: Path) -> None:
    """A root that is missing, and an empty one, are no errors."""
    done = CliRunner().invoke(app, ["ls", "--root", str(tmp_path)])
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == f"there are no runs in {tmp_path}\n"
