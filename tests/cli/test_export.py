"""`triptych export`, as it is typed."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from typer.testing import CliRunner

import triptych
from triptych.cli.app import app
from triptych.sinks.rerun import RerunSink


@pytest.fixture
def run_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run below ./runs."""
    monkeypatch.chdir(tmp_path)
    with triptych.run("digits", "cnn", sinks=[RerunSink()], console=False) as run:
        run.advance()
        run.log({"train/loss": 0.5, "train/lr": 0.1})
    return run.id


def test_an_export_is_named_after_the_run_and_never_replaces_a_file(run_id: str) -> None:
    """The second time it says what to do."""
    done = CliRunner().invoke(app, ["export", "latest", "--to", "csv"])
    assert (done.exit_code, done.stdout) == (0, f"{run_id}.csv: 2 numbers at 2 paths\n")
    text = Path(f"{run_id}.csv").read_text()
    assert text.splitlines()[0] == '"path","step","epoch","log_time","attempt","value"'
    assert '"train/loss",1,,' in text
    again = CliRunner().invoke(app, ["export", run_id, "--to", "csv"])
    assert again.exit_code == 1
    assert "exists; remove it, or pass another --output" in again.stderr
    assert Path(f"{run_id}.csv").read_text() == text


def test_an_export_goes_where_it_is_told_to(run_id: str) -> None:
    """Folders are made."""
    options = ["--to", "parquet", "--output", "far/away/numbers.parquet"]
    done = CliRunner().invoke(app, ["export", run_id[-5:], *options])
    assert (done.exit_code, done.stdout) == (0, "far/away/numbers.parquet: 2 numbers at 2 paths\n")
    assert Path("far/away/numbers.parquet").read_bytes()[:4] == b"PAR1"


@pytest.mark.parametrize("to", ["csv", "parquet"])
def test_an_export_that_is_cut_short_leaves_nothing(run_id: str, to: str) -> None:
    """Files may have 50 bytes here, as where a disk is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50, before[1]))
    try:
        done = CliRunner().invoke(app, ["export", run_id, "--to", to])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert done.exit_code == 1
    assert done.stderr.startswith("error: ")
    assert [path.name for path in Path().iterdir()] == ["runs"]


def test_a_run_that_is_not_there_is_one_line_and_exit_code_1(run_id: str) -> None:
    """A wrong format is the user's mistake: 2."""
    done = CliRunner().invoke(app, ["export", "nope", "--to", "csv"])
    assert done.exit_code == 1
    assert done.stderr.startswith("error: no run 'nope' in ")
    assert done.stderr.count("\n") == 1
    assert run_id in done.stderr
    assert CliRunner().invoke(app, ["export", run_id, "--to", "xml"]).exit_code == 2
