"""A real TensorBoard log, written by torch's SummaryWriter."""

from __future__ import annotations

import json
import wave
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.tensorboard import SummaryWriter

from tests.support import rrd
from triptych.archive.importing import Imported, import_runs
from triptych.archive.reader import RunReader

_WAV = "AssetAudio:blob"
_STEPS = [0, 5, 10]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """Of everything a training logs there."""
    folder = tmp_path_factory.mktemp("logs")
    with SummaryWriter(str(folder / "mnist" / "first try")) as writer:
        for step in _STEPS:
            when = 1_700_000_000.25 + step
            writer.add_scalar("Loss/train", 1 / (step + 1), step, walltime=when)
            writer.add_scalar("new", step / 3, step, when, new_style=True, double_precision=True)
            writer.add_scalars("both", {"a": step, "b": -step}, step, walltime=when)
            writer.add_image("pred", torch.full((3, 8, 9), step / 10), step, walltime=when)
            writer.add_text("note", f"at *{step}*", step, walltime=when)
            writer.add_histogram("weights", torch.arange(100.0) + step, step, walltime=when)
        writer.add_audio("sound", torch.linspace(-1, 1, 800)[None], 10, sample_rate=8000)
        writer.add_histogram("same", torch.ones(10), 10)
        writer.add_histogram("wide", torch.logspace(-9, 9, 9999), 10)
        writer.add_pr_curve("pr", np.array([0, 1, 1]), np.array([0.1, 0.6, 0.9]), 10)
        writer.add_hparams({"lr": 0.1, "optimizer": "sgd"}, {"accuracy": 0.5})
    (run,) = import_runs(folder, root=folder / "runs")
    return run


@pytest.fixture(scope="module")
def read(imported: Imported) -> RunReader:
    """The run that was made."""
    return RunReader(imported.folder)


def test_scalars_have_their_steps_values_and_times(read: RunReader) -> None:
    """In single precision where TensorBoard has no more; of `add_scalars` each one by its name."""
    assert read.scalars("Loss/train")[0].tolist() == _STEPS
    assert read.scalars("Loss/train")[1].tolist() == [
        float(np.float32(1 / (step + 1))) for step in _STEPS
    ]
    assert read.scalars("new")[1].tolist() == [step / 3 for step in _STEPS]
    times = read.curves["new"].times
    assert times / 1e9 == pytest.approx([1_700_000_000.25 + k for k in _STEPS], abs=1e-6)
    assert read.scalars("both_a/both")[1].tolist() == _STEPS
    assert read.scalars("both_b/both")[1].tolist() == [-step for step in _STEPS]


def test_pictures_have_their_pixels(read: RunReader) -> None:
    """A grey level that says the step."""
    images = [(step, image.convert("RGB")) for step, image in read.images("pred")]
    found = [(step, image.size, image.getpixel((4, 4))) for step, image in images]
    assert found == [(step, (9, 8), (int(25.5 * step),) * 3) for step in _STEPS]


def test_texts_and_hyperparameters_come_along(read: RunReader) -> None:
    """Under the names that were given to `add_text` and `add_hparams`."""
    assert [(line.step, line.text) for line in read.texts("note")] == [
        (step, f"at *{step}*") for step in _STEPS
    ]
    assert read.config == {"lr": 0.1, "optimizer": "sgd"}
    assert read.scalars("accuracy")[1].tolist() == [0.5]


def test_histograms_keep_their_counts(imported: Imported) -> None:
    """Also of values that are all the same, and of more bins than we draw."""
    recording = imported.folder.recording(1)
    for path, count in (("/weights", 100), ("/same", 10), ("/wide", 9999)):
        rows = [row for row in rrd.rows(recording, path) if "BarChart:values" in row]
        bars = rows[-1].components["BarChart:values"][0]
        assert sum(bars["buffer"]) == count
        assert len(bars["buffer"]) <= 512


def test_sounds_come_along(imported: Imported) -> None:
    """A tenth of a second."""
    (row,) = [row for row in rrd.rows(imported.folder.recording(1), "/sound") if _WAV in row]
    data = bytes(row.components[_WAV][0])
    with wave.open(BytesIO(data)) as sound:
        assert (sound.getframerate(), sound.getnframes()) == (8000, 800)
        samples = np.frombuffer(sound.readframes(800), dtype="<i2")
    assert (np.diff(samples.astype(int)) > 0).all()


def test_the_run_says_where_it_came_from_and_what_was_left_out(imported: Imported) -> None:
    """Named after its folders, and started when it did."""
    story = json.loads(imported.folder.run_json.read_text())
    assert (story["project"], story["name"]) == ("mnist", "first try")
    assert story["started"].startswith("2023-11-1")
    assert imported.folder.id.startswith("2023111")
    assert story["attempts"][0]["provenance"]["written by"] == "TensorBoard"
    assert story["step"] == 10
    assert imported.left_out == {"TensorBoard pr_curves": 1}
    assert rrd.verify(imported.folder.recording(1)) == 0


def test_an_event_file_that_was_cut_off_is_read_up_to_there(tmp_path: Path) -> None:
    """Its writer was killed."""
    with SummaryWriter(str(tmp_path / "log")) as writer:
        for step in range(20):
            writer.add_scalar("loss", step, step)
    (file,) = (tmp_path / "log").iterdir()
    file.write_bytes(file.read_bytes()[:-30])
    (run,) = import_runs(file, project="p", name="n", root=tmp_path / "runs")
    assert RunReader(run.folder).scalars("loss")[0].tolist() == list(range(19))
    assert (run.about.project, run.about.name) == ("p", "n")
    assert run.left_out == {f"the end of {file.name}, which was cut off": 1}


def test_every_run_below_a_folder_is_imported(tmp_path: Path) -> None:
    """One for each folder with event files; a run of ours among them is none."""
    for version in ("version_0", "version_1"):
        with SummaryWriter(str(tmp_path / "lightning_logs" / version)) as writer:
            writer.add_scalar("loss", 1.0, 3)
        config = "batch_size: 4\nmodel: !!python/object:os.system {}\n" * (version == "version_1")
        (tmp_path / "lightning_logs" / version / "hparams.yaml").write_text(config or "lr: 0.5\n")
    ours = tmp_path / "lightning_logs" / "ours"
    ours.mkdir()
    (ours / "run.json").write_text("{}")
    (ours / "metrics.csv").write_text("step,a\n1,1\n")
    runs = list(import_runs(tmp_path, root=tmp_path / "runs"))
    assert [(run.about.project, run.about.name) for run in runs] == [
        ("lightning_logs", "version_0"),
        ("lightning_logs", "version_1"),
    ]
    assert [RunReader(run.folder).config for run in runs] == [{"lr": 0.5}, {}]


def test_what_holds_no_log_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    """A folder without one, a file without an event, a path that is not there."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "x.tfevents.1").write_bytes(b"nothing of the sort")
    for path, reason in (
        (tmp_path / "empty", "holds no log that can be imported"),
        (tmp_path / "x.tfevents.1", "holds no TensorBoard event"),
        (tmp_path / "missing", "there is nothing at"),
    ):
        with pytest.raises(ValueError, match=reason):
            list(import_runs(path, root=tmp_path / "runs"))
    assert not (tmp_path / "runs").exists()
