"""`triptych import`, as it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from triptych.archive.reader import open_run
from triptych.cli.app import app


def test_an_import_says_what_came_along_and_how_to_open_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what did not."""
    monkeypatch.chdir(tmp_path)
    Path("metrics.csv").write_text("step,epoch,loss,who\n1,0,0.5,x\n2,0,0.25,y\n")
    options = ["--project", "digits", "--name", "old"]
    done = CliRunner().invoke(app, ["import", "metrics.csv", *options])
    assert done.exit_code == 0, done.output
    read = open_run()
    assert read.scalars("loss")[1].tolist() == [0.5, 0.25]
    assert read.folder.path.parent == tmp_path / "runs" / "digits"
    lines = done.stdout.splitlines()
    assert lines[0] == "Lightning's CSVLogger: metrics.csv"
    assert lines[1:3] == [
        "  2 numbers, 0 pictures, texts and lines",
        "  left out: column 'who', which is no number (1)",
    ]
    assert lines[3].endswith(f" {read.folder.recording(1).relative_to(tmp_path)}")


def test_what_cannot_be_imported_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    """Nothing is made."""
    done = CliRunner().invoke(app, ["import", str(tmp_path), "--root", str(tmp_path / "runs")])
    assert done.exit_code == 1
    assert done.stderr.startswith("error: ")
    assert "holds no log that can be imported" in done.stderr
    assert list(tmp_path.iterdir()) == []
