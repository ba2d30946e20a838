"""Lightning's CSV logs, written by its own CSVLogger."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from lightning.pytorch.loggers import CSVLogger

from triptych.archive.importing import import_runs
from triptych.archive.reader import RunReader


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Two versions of one training."""
    for rate in (0.1, 0.2):
        logger = CSVLogger(tmp_path, name="digits")
        logger.log_hyperparams({"lr": rate, "layers": [8, 4]})
        for step in range(4):
            logger.log_metrics({"train/loss": rate / (step + 1), "epoch": step // 2}, step)
        logger.log_metrics({"val/loss": math.nan, "epoch": 1}, 3)
        logger.save()
    return tmp_path / "digits"


def test_numbers_have_their_steps_and_epochs(logs: Path, tmp_path: Path) -> None:
    """An empty cell is no number, and NaN is one."""
    first, second = import_runs(logs, root=tmp_path / "runs")
    read = RunReader(second.folder)
    assert read.scalars("train/loss")[0].tolist() == [0, 1, 2, 3]
    assert read.scalars("train/loss")[1].tolist() == [0.2 / k for k in (1, 2, 3, 4)]
    assert read.curves["train/loss"].epochs.tolist() == [0, 0, 1, 1]
    assert read.scalars("val/loss")[0].tolist() == [3]
    assert math.isnan(read.scalars("val/loss")[1][0])
    assert read.config == {"lr": 0.2, "layers": [8, 4]}
    assert [run.about.name for run in (first, second)] == ["version_0", "version_1"]
    written = (logs / "version_1" / "metrics.csv").stat().st_mtime
    assert read.curves["val/loss"].times[0] / 1e9 == pytest.approx(written, abs=1e-6)


def test_columns_that_hold_no_numbers_are_left_out_and_counted(tmp_path: Path) -> None:
    """A name in every row, say."""
    (tmp_path / "metrics.csv").write_text("step,who,a\n1,x,1\n2,y,\n")
    (run,) = import_runs(tmp_path, root=tmp_path / "runs")
    assert list(RunReader(run.folder).curves) == ["a"]
    assert run.left_out == {"column 'who', which is no number": 1}


def test_a_table_without_steps_is_refused(tmp_path: Path) -> None:
    """It may be anything."""
    (tmp_path / "people.csv").write_text("name,age\nada,36\n")
    with pytest.raises(ValueError, match=r"has no column 'step', but \['name', 'age'\]"):
        list(import_runs(tmp_path / "people.csv", root=tmp_path / "runs"))
    (tmp_path / "x.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(ValueError, match="cannot be read as a table"):
        list(import_runs(tmp_path / "x.parquet", root=tmp_path / "runs"))


def test_a_log_that_cannot_be_read_leaves_the_others_alone(logs: Path, tmp_path: Path) -> None:
    """It is told of when they are done."""
    (logs / "version_0" / "metrics.csv").write_text("")
    with pytest.raises(ValueError, match=r"version_0/metrics\.csv' cannot be read as a table"):
        list(import_runs(logs, root=tmp_path / "runs"))
    assert [path.name[16:25] for path in (tmp_path / "runs" / "digits").iterdir()] == ["version-1"]
