"""`triptych ls`, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import triptych
from triptych.cli.app import app
from triptych.sinks.memory import MemorySink


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
    """How each ended, where, and its newest loss."""
    done = CliRunner().invoke(app, ["ls"], env={"COLUMNS": "120"})
    assert done.exit_code == 0
    header, *lines = [line.split() for line in done.stdout.splitlines()]
    assert header == ["run", "status", "step", "size", "losses"]
    assert sorted(line[0].partition("/")[2] for line in lines) == ids
    assert sorted(line[1:3] + line[5:] for line in lines) == [
        ["failed", "2", "train/loss", "0.25"],
        ["finished", "2", "train/loss", "0.25"],
    ]


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
