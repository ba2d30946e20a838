"""`triptych prune`, as it is typed."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

import triptych
from tests.support import environment
from triptych.cli.app import app
from triptych.sinks.memory import MemorySink


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Five runs of two projects below ./runs, one a day; the first are a week old. Name by id."""
    monkeypatch.chdir(tmp_path)
    found = {}
    made = [("digits", "a", "finished"), ("digits", "b", "failed"), ("digits", "c", "failed")]
    made += [("letters", "d", "failed"), ("letters", "e", "finished")]
    for days, (project, name, status) in zip((7, 6, 5, 4, 0), made, strict=True):
        with triptych.run(project, name, sinks=[MemorySink()], console=False) as run:
            run.close(status)
        then = (datetime.now(UTC) - timedelta(days=days)).isoformat()
        told = json.loads((run.dir / "run.json").read_text())
        (run.dir / "run.json").write_text(json.dumps({**told, "started": then, "ended": then}))
        found[run.id] = name
    return found


def _prune(*options: str) -> Result:
    return CliRunner().invoke(app, ["prune", *options])


def _chosen(names: dict[str, str], *options: str) -> str:
    done = _prune(*options, "--json")
    assert done.exit_code == 0, done.output
    return "".join(sorted(names[row["id"]] for row in json.loads(done.stdout)))


def test_the_newest_of_each_project_stay(names: dict[str, str]) -> None:
    """Whatever else is said."""
    assert _chosen(names, "--keep", "1") == "abd"
    assert _chosen(names, "--keep", "2") == "a"
    assert _chosen(names, "--keep", "9") == ""
    assert _chosen(names, "--keep", "1", "--status", "failed") == "bd"
    assert _chosen(names, "--keep", "1", "--project", "letters") == "d"


def test_age_and_status_must_both_hold(names: dict[str, str]) -> None:
    """Several statuses are one or the other."""
    assert _chosen(names, "--older-than", "132h") == "ab"
    assert _chosen(names, "--older-than", "3d", "--status", "finished") == "a"
    assert _chosen(names, "--status", "finished", "--status", "failed") == "abcde"
    assert _chosen(names, "--older-than", "1w") == "a"
    assert _chosen(names, "--older-than", "2w") == ""


def test_only_yes_removes(names: dict[str, str]) -> None:
    """And the second time there is nothing left to remove."""
    dry = _prune("--status", "failed")
    assert dry.stdout.splitlines()[-1].startswith("3 runs, ")
    assert len(list(Path("runs").glob("*/*/run.json"))) == 5

    done = _prune("--status", "failed", "--yes")
    assert done.exit_code == 0, done.output
    left = [names[path.parent.name] for path in Path("runs").glob("*/*/run.json")]
    assert sorted(left) == ["a", "e"]
    assert _prune("--status", "failed", "--yes").stdout == "nothing to remove\n"


def test_what_is_killed_is_told_from_what_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """run.json says "running" of both."""
    monkeypatch.chdir(tmp_path)
    program = """
        import os, signal, triptych
        run = triptych.run("digits", wandb=False, console=False)
        run.log(dict(loss=0.5))
        print(run.id, flush=True)
        {}
    """
    env = environment.isolated(tmp_path)
    with environment.start(program.format("input()"), env) as alive:
        assert alive.stdout is not None
        living = alive.stdout.readline().strip()
        with environment.start(program.format("os.kill(os.getpid(), signal.SIGKILL)"), env) as dead:
            assert dead.stdout is not None
            killed = dead.stdout.readline().strip()
        try:
            rows = json.loads(_prune("--keep", "0", "--json").stdout)
            assert [(row["id"], row["status"]) for row in rows] == [(killed, "killed")]
            assert json.loads(_prune("--older-than", "1d", "--json").stdout) == []
            old = (datetime.now(UTC) - timedelta(days=2)).timestamp()
            for file in Path("runs/digits", killed).iterdir():
                os.utime(file, (old, old))
            assert _prune("--older-than", "1d", "--status", "killed", "--yes").exit_code == 0
            assert [path.name for path in Path("runs/digits").iterdir()] == [living]
        finally:
            alive.communicate("\n")
    assert json.loads(_prune("--keep", "0", "--json").stdout)[0]["id"] == living


@pytest.mark.usefixtures("names")
def test_a_damaged_run_is_left_alone_and_told_of() -> None:
    """The others go."""
    (first, *_) = sorted(Path("runs/digits").iterdir())
    (first / "run.json").write_text("{")
    done = _prune("--keep", "0", "--project", "digits", "--yes")
    assert done.exit_code == 0
    assert "is damaged" in done.stderr
    assert list(Path("runs/digits").iterdir()) == [first]


def test_it_must_be_said_which(names: dict[str, str]) -> None:
    """A usage error, and nothing goes."""
    for options in (), ("--project", "digits"), ("--older-than", "soon"):
        assert _prune(*options, "--yes").exit_code == 2
    assert len(list(Path("runs").glob("*/*/run.json"))) == len(names)
