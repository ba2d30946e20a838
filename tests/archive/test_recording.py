"""Recordings, also damaged ones, read without a viewer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import triptych
from tests.support import rrd
from tests.support.faults import Fault
from triptych.archive.recording import Recording, path_of
from triptych.sinks.rerun import RerunSink

_ODD = "val loss %/é ü/[0]: 🎉/tab\there"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty flushes of one number each, and one at an odd path."""
    root = tmp_path_factory.mktemp("runs")
    with triptych.run("digits", root=root, sinks=[RerunSink()], console=False) as run:
        for _ in range(40):
            run.advance()
            run.log({"train/loss": 1 / run.step})
            run.flush()
        run.log({_ODD: 7.0})
    return run.dir / "recording-1.rrd"


def test_numbers_come_as_the_recording_has_them(recorded: Path) -> None:
    """The same as an independent reader finds; losses come without the logarithm for the view."""
    curves = Recording(recorded).curves()
    steps, values = rrd.scalars(recorded, "/train/loss")
    assert curves["train/loss"].steps.tolist() == steps.tolist() == list(range(1, 41))
    assert curves["train/loss"].values.tolist() == values.tolist()
    assert set(curves) - {"triptych/overhead"} == {"train/loss", _ODD}
    assert "/log10/train/loss" in rrd.entities(recorded)


def test_every_path_comes_back_as_it_was_logged(recorded: Path) -> None:
    """Rerun escapes what is no letter."""
    assert Recording(recorded).curves()[_ODD].values.tolist() == [7.0]
    assert path_of(r"/a\ b/c\/d/\u{1F389}\n\\") == "a b/c/d/🎉\n\\"


@pytest.mark.parametrize("share", [0.0, 0.00001, 0.2, 0.5, 0.9, 0.99999])
def test_a_file_that_was_cut_off_reads_up_to_the_cut(
    recorded: Path, tmp_path: Path, share: float, fault: Fault
) -> None:
    """Wherever the writer was killed; the file itself stays as it is."""
    data = recorded.read_bytes()
    cut = tmp_path / "recording-1.rrd"
    cut.write_bytes(data[: int(len(data) * share)])
    curve = Recording(cut).curves().get("train/loss")
    steps = [] if curve is None else curve.steps.tolist()
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) >= (35 * share if share >= 0.5 else 0)
    assert cut.read_bytes() == data[: int(len(data) * share)]
    fault("torn", case="a recording", kept="all up to the cut")


def test_the_copy_of_a_cut_file_goes_with_its_reader(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left in the folder for temporary files."""
    cut = tmp_path / "cut.rrd"
    cut.write_bytes(recorded.read_bytes()[:-20_000])
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    recording = Recording(cut)
    assert len(list(place.iterdir())) == 1
    assert len(recording.curves()["train/loss"]) > 1
    del recording
    assert list(place.iterdir()) == []


def test_what_is_no_recording_is_refused(tmp_path: Path, fault: Fault) -> None:
    """By name, or for its content."""
    with pytest.raises(FileNotFoundError, match="there is no recording"):
        Recording(tmp_path / "missing.rrd")
    other = tmp_path / "other.rrd"
    other.write_bytes(np.random.default_rng(0).bytes(5000))
    with pytest.raises(ValueError, match="no Rerun recording"):
        Recording(other)
    fault("damaged", case="a recording that is none", kept="it is refused; nothing is unpickled")
