"""`triptych rm`, as it is typed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import triptych
from triptych.cli.app import app
from triptych.sinks.memory import MemorySink
from triptych.sinks.rerun import RerunSink


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders of two runs below ./runs."""
    monkeypatch.chdir(tmp_path)
    folders = []
    for name in ("one", "two"):
        with triptych.run("digits", name, sinks=[MemorySink()], console=False) as run:
            run.advance()
            run.log({"train/loss": 0.5})
        folders.append(run.dir)
    return folders


def test_nothing_goes_without_yes(runs: list[Path]) -> None:
    """What would go is listed, with its size."""
    (runs[0] / "weights.bin").write_bytes(bytes(3_000_000))
    done = CliRunner().invoke(app, ["rm", runs[0].name, str(runs[1])])

    assert done.exit_code == 0
    header, first, second, _, total = done.stdout.splitlines()
    assert header.split() == ["run", "status", "ended", "size", "holds"]
    assert first.split()[:2] == [runs[0].name, "finished"]
    assert first.split()[3:] == ["3.0", "MB"]
    assert second.split()[0] == runs[1].name
    assert total == "2 runs, 3.0 MB would go; --yes removes them"
    assert all((run / "run.json").exists() for run in runs)


def test_yes_removes_what_was_named_and_nothing_else(runs: list[Path]) -> None:
    """Named twice, a run goes once."""
    done = CliRunner().invoke(app, ["rm", runs[0].name, str(runs[0]), "--yes"])

    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0] == f"removed {runs[0]}"
    assert done.stdout.splitlines()[1].startswith("1 run, ")
    assert list(Path("runs/digits").absolute().iterdir()) == [runs[1]]


def test_it_says_what_exists_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints in the folder, and W&B's files that were never sent."""
    monkeypatch.chdir(tmp_path)
    with triptych.run("digits", "three", sinks=[MemorySink()], console=False) as run:
        for name in ("a.pt", "b.pt"):
            saved = run.dir / "checkpoints" / name
            saved.parent.mkdir(exist_ok=True)
            saved.write_bytes(b"weights")
            run.checkpoint(saved)
        saved.unlink()  # as frameworks do that keep the newest
    log = run.dir / "wandb" / "offline-run-1-x" / "run-x.wandb"
    log.parent.mkdir(parents=True)
    log.touch()

    (row,) = json.loads(CliRunner().invoke(app, ["rm", run.id, "--json"]).stdout)
    assert (row["checkpoints"], row["unsynced"], row["removed"]) == (1, 1, False)
    assert row["path"] == str(run.dir)
    header, line, next_line, *_ = CliRunner().invoke(app, ["rm", run.id]).stdout.splitlines()
    column = header.index("holds")
    assert [line[column:].strip(), next_line[column:].strip()] == ["1 model", "unsent"]


def test_a_run_that_goes_on_stays_and_so_do_the_others(runs: list[Path]) -> None:
    """All that was named goes, or nothing."""
    with triptych.run("digits", "three", sinks=[RerunSink()], console=False) as run:
        run.log({"train/loss": 0.5})
        done = CliRunner().invoke(app, ["rm", runs[0].name, run.id, "--yes"])
        assert done.exit_code == 1
        assert done.stderr == f"error: the run '{run.id}' is still going on; end it first\n"
    assert runs[0].exists()
    assert CliRunner().invoke(app, ["rm", run.id, "--yes"]).exit_code == 0
    assert not run.dir.exists()


def test_links_are_not_followed(runs: list[Path], tmp_path: Path) -> None:
    """Neither a link in the folder, nor one in its place or in that of its project."""
    elsewhere = tmp_path / "data"
    elsewhere.mkdir()
    (elsewhere / "digits.csv").touch()
    (runs[0] / "data").symlink_to(elsewhere)
    link = tmp_path / "link"
    link.symlink_to(runs[1])

    assert CliRunner().invoke(app, ["rm", runs[0].name, "--yes"]).exit_code == 0
    assert (elsewhere / "digits.csv").exists()
    project = tmp_path / "project"
    project.symlink_to(runs[1].parent)
    for way in (link, project / runs[1].name):
        done = CliRunner().invoke(app, ["rm", str(way), "--yes"])
        assert (done.exit_code, "is a link; name the folder" in done.stderr) == (1, True)
    assert (runs[1] / "run.json").exists()


@pytest.mark.parametrize("text", ["{}", '{"id": "another", "status": "finished"}', "no JSON"])
def test_what_is_not_certain_to_be_a_run_stays(runs: list[Path], tmp_path: Path, text: str) -> None:
    """A folder with some run.json in it."""
    folder = tmp_path / "home"
    shutil.copytree(runs[0], folder)
    (folder / "run.json").write_text(text)
    done = CliRunner().invoke(app, ["rm", str(folder), "--yes"])
    assert done.exit_code == 1
    assert done.stderr.startswith("error: ")
    assert "delete it by hand if it may go" in done.stderr.replace("\n", " ")
    assert (folder / "train.log").exists() == (runs[0] / "train.log").exists()
    assert (folder / "run.json").read_text() == text
