"""Exports: what other programs read, and what an import makes of it again."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import triptych
from triptych.archive.export import EXPORTS, export_csv, export_parquet, export_tensorboard
from triptych.archive.importing import import_runs
from triptych.archive.reader import RunReader, open_run
from triptych.sinks.rerun import RerunSink

_ODD = (math.pi, 1 / 3, 1e-300, -0.0, math.nan, math.inf, -math.inf, 2.0**60)


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> RunReader:
    """Numbers that are easily spoilt, one of them twice at a step; a picture, a text, an event."""
    root = tmp_path_factory.mktemp("runs")
    with triptych.run("digits", root=root, sinks=[RerunSink()], console=False) as run:
        run.log({"before": 1.0})
        for _ in run.epochs(2):
            for _ in run.steps(range(4)):
                run.log({"train/loss, total": _ODD[run.step - 1], "train/lr": 0.1 * run.step})
                run.log({"train/lr": 0.2 * run.step})
        run.log({"val/pred": triptych.Image(np.full((8, 9), 50, np.uint8))})
        run.log({"val/note": triptych.Text("grüße")})
        run.event("done")
    return open_run("latest", root=root)


def _rows(read: RunReader) -> list[tuple[object, ...]]:
    """Every number with its step and epoch, NaN as text since it equals nothing."""
    frame = read.frame()
    epochs = frame.epoch.fillna(-1).tolist()
    values = [repr(value) for value in frame.value]
    return list(zip(frame.path, frame.step, epochs, values, strict=True))


def _again(place: Path, root: Path) -> RunReader:
    (imported,) = import_runs(place, root=root)
    return RunReader(imported.folder)


def test_pandas_reads_the_csv(read: RunReader, tmp_path: Path) -> None:
    """A row for each number, to the last bit; no epoch is an empty cell."""
    export_csv(read, tmp_path / "numbers.csv")
    frame = pd.read_csv(tmp_path / "numbers.csv", parse_dates=["log_time"])
    assert len(frame) == len(read.frame()) >= 1 + 8 + 16
    loss = frame[frame.path == "train/loss, total"]
    assert [repr(value) for value in loss.value] == [repr(value) for value in _ODD]
    assert frame[frame.path == "before"].epoch.isna().all()
    assert (frame.log_time == read.frame().log_time).all()


def test_pandas_reads_the_parquet(read: RunReader, tmp_path: Path) -> None:
    """With the types of the table."""
    export_parquet(read, tmp_path / "numbers.parquet")
    frame = pd.read_parquet(tmp_path / "numbers.parquet")
    pd.testing.assert_frame_equal(frame.astype({"epoch": "Int64"}), read.frame())


def test_tensorboard_reads_its_event_file(read: RunReader, tmp_path: Path) -> None:
    """With its own reader: numbers in double precision, pictures and texts."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    export_tensorboard(read, tmp_path / "events")
    found = EventAccumulator(str(tmp_path / "events"), size_guidance={"tensors": 0}).Reload()
    rates = found.Tensors("train/lr")
    assert [event.step for event in rates] == [k for k in range(1, 9) for _ in range(2)]
    values = [event.tensor_proto.double_val[0] for event in rates]
    assert values == read.scalars("train/lr")[1].tolist()
    assert {"val/pred", "val/note", "events"} <= set(
        found.Tags()["tensors"] + found.Tags()["images"]
    )


@pytest.mark.parametrize("kind", EXPORTS)
def test_export_then_import_gives_the_same_numbers(
    read: RunReader, tmp_path: Path, kind: str
) -> None:
    """Steps, values and times; epochs too, for which TensorBoard has no place."""
    ending, write = EXPORTS[kind]
    write(read, tmp_path / f"numbers{ending}")
    again = _again(tmp_path / f"numbers{ending}", tmp_path / "runs")
    expected = _rows(read)
    if kind == "tensorboard":
        expected = [(path, step, -1, value) for path, step, _, value in expected]
    assert _rows(again) == expected
    apart = (again.frame().log_time - read.frame().log_time).abs()
    assert apart.max() <= pd.Timedelta(1, "us")


def test_pictures_and_texts_come_back_from_tensorboard(read: RunReader, tmp_path: Path) -> None:
    """Pixels, words and the event, each at its step."""
    export_tensorboard(read, tmp_path / "events")
    again = _again(tmp_path / "events", tmp_path / "runs")
    ((step, image),) = again.images("val/pred")
    assert (step, image.size, image.getextrema()) == (8, (9, 8), (50, 50))
    assert [(line.step, line.text) for line in again.texts("val/note")] == [(8, "grüße")]
    assert [(line.step, line.text) for line in again.texts("events")] == [(8, "done")]


def test_without_tensorboard_its_format_is_refused(
    read: RunReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To write and to read; the message says what to install."""
    export_tensorboard(read, tmp_path / "events")
    for module in (
        "summary.writer.event_file_writer",
        "backend.event_processing.event_file_loader",
    ):
        monkeypatch.setitem(sys.modules, f"tensorboard.{module}", None)
    with pytest.raises(ImportError, match="pip install tensorboard"):
        export_tensorboard(read, tmp_path / "more")
    with pytest.raises(ImportError, match="pip install tensorboard"):
        _again(tmp_path / "events", tmp_path / "runs")
