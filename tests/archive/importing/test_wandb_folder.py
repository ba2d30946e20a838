"""A real W&B offline folder, written by `wandb` itself."""

from __future__ import annotations

import json
import math
import os
import shutil
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support import environment, rrd, wandb_files
from triptych.archive.importing import Imported, import_runs, wandb_folder
from triptych.archive.reader import RunReader

_PROGRAM = """
    import numpy as np, wandb
    run = wandb.init(project="old things", name="first", mode="offline", tags=["a"], notes="why",
                     group="sweep", config={"lr": 0.1, "model": {"width": 8}, "hf_token": "x"})
    run.define_metric("trainer/global_step")
    run.define_metric("*", step_metric="trainer/global_step")
    print("begun")
    for k in range(1, 4):
        run.log({"train/loss": 1 / k, "odd": float("nan"), "inf": float("-inf"), "epoch": k // 2,
                 "good": True, "nested": {"x": k}, "note": f"at {k}", "list": [1, 2],
                 "trainer/global_step": 10 * k})
    layer = {"box_data": [{"position": {"minX": 1, "minY": 2, "maxX": 5, "maxY": 6},
                           "domain": "pixel", "class_id": 1, "scores": {"p": 0.5}},
                          {"position": {"middle": [0.5, 0.5], "width": 0.5, "height": 0.5},
                           "class_id": 2, "scores": {"p": 0.25}}],
             "class_labels": {1: "cat", 2: "dog"}}
    pixels = np.arange(8 * 9 * 3, dtype=np.uint8).reshape(8, 9, 3)
    mask = {"mask_data": np.eye(9, dtype=np.uint8)[:8] * 2, "class_labels": {2: "dog"}}
    run.log({"pred": wandb.Image(pixels, caption="one", boxes={"predictions": layer},
                                 masks={"truth": mask}),
             "many": [wandb.Image(pixels + k, caption=f"c{k}") for k in range(3)],
             "hist": wandb.Histogram(np.arange(50.0)),
             "page": wandb.Html("<p>hello <b>world</b></p><script>no()</script>"),
             "table": wandb.Table(["name", "score"], [["a", 1.5], ["b", None]]),
             "sound": wandb.Audio("sound.wav", caption="beep"), "film": wandb.Video("film.gif"),
             "cloud": wandb.Object3D(np.zeros((4, 3)))})
    run.alert("look", "the loss is odd")
    run.summary["best"] = 0.25
    run.summary["best_pred"] = wandb.Image(pixels)
    run.finish(exit_code=3)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """W&B's folder of a run that failed."""
    home = tmp_path_factory.mktemp("wandb")
    with wave.open(str(home / "sound.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(range(200)))
    frames = [Image.new("L", (16, 12), 40 * k) for k in range(4)]
    frames[0].save(home / "film.gif", save_all=True, append_images=frames[1:], duration=50)
    environment.run(_PROGRAM, environment.isolated(home), cwd=home)
    (run,) = wandb_files.folders(home / "wandb")
    wandb_files.wait(run)
    return run


@pytest.fixture(scope="module")
def imported(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """The run that was made of it, found from the folder above."""
    (run,) = import_runs(folder.parent, root=tmp_path_factory.mktemp("runs"))
    return run


@pytest.fixture(scope="module")
def read(imported: Imported) -> RunReader:
    """The run that was made."""
    return RunReader(imported.folder)


def test_every_number_stands_at_the_step_of_the_axis_that_the_run_defined(
    read: RunReader, folder: Path
) -> None:
    """NaN, infinities, booleans and nested ones too, with the time of their row."""
    assert read.scalars("train/loss")[0].tolist() == [10, 20, 30]
    assert read.scalars("train/loss")[1].tolist() == [1.0, 1 / 2, 1 / 3]
    assert all(math.isnan(value) for value in read.scalars("odd")[1])
    assert read.scalars("inf")[1].tolist() == [-math.inf] * 3
    assert read.scalars("good")[1].tolist() == [1.0] * 3
    assert read.scalars("nested.x")[1].tolist() == [1.0, 2.0, 3.0]
    assert [found.tolist() for found in read.scalars("best")] == [[30], [0.25]]  # in the summary
    assert "best_pred.height" not in read.paths
    curve = read.curves["train/loss"]
    assert curve.epochs.tolist() == [0, 1, 1]
    rows = [row for row in wandb_files.read(folder).history if "train/loss" in row]
    assert curve.times / 1e9 == pytest.approx([row["_timestamp"] for row in rows], abs=1e-6)


def test_pictures_keep_pixels_boxes_mask_and_caption(imported: Imported, read: RunReader) -> None:
    """Boxes in pixels, whatever W&B was given them in."""
    pixels = np.arange(8 * 9 * 3, dtype=np.uint8).reshape(8, 9, 3)
    ((step, image),) = read.images("pred")
    assert step == 30
    assert np.asarray(image).tolist() == pixels.tolist()
    (boxes,) = rrd.rows(imported.folder.recording(1), "/pred/boxes")
    parts = boxes.components
    assert parts["Boxes2D:half_sizes"] == [[2.0, 2.0], [2.25, 2.0]]
    assert parts["Boxes2D:centers"] == [[3.0, 4.0], [4.5, 4.0]]
    assert parts["Boxes2D:labels"] == ["cat 0.50", "dog 0.25"]
    name = "SegmentationImage:format"
    masks = [row for row in rrd.rows(imported.folder.recording(1), "/pred/mask") if name in row]
    layout = masks[0].components[name][0]
    assert (layout["width"], layout["height"]) == (9, 8)
    for place in range(3):
        ((_, image),) = read.images(f"many/{place}")
        assert np.asarray(image).tolist() == (pixels + place).tolist()


def test_sounds_and_films_come_along(imported: Imported) -> None:
    """The samples as they were; a film as frames or as a video, by what is installed."""
    recording = imported.folder.recording(1)
    (sound,) = [row for row in rrd.rows(recording, "/sound") if "AssetAudio:blob" in row]
    assert bytes(sound.components["AssetAudio:blob"][0])[-200:] == bytes(range(200))
    film = [row for row in rrd.rows(recording) if row.entity.startswith("/film")]
    assert {"AssetVideo:blob", "EncodedImage:blob"} & {
        name for row in film for name in row.components
    }
    assert 30 in {row.time("step") for row in film}


def test_texts_tables_and_what_was_printed_come_along(read: RunReader) -> None:
    """A page without its markup, a table as markdown, lines at the step they were printed at."""
    assert [(line.step, line.text) for line in read.texts("note")] == [
        (10 * k, f"at {k}") for k in (1, 2, 3)
    ]
    assert [line.text for line in read.texts("page")] == ["hello world"]
    assert "| a | 1.5 |" in read.texts("table")[0].text
    assert [(line.step, line.text) for line in read.texts("logs/stdout")] == [(0, "begun")]
    assert read.paths["hist"] == "BarChart"
    assert [(line.step, line.text) for line in read.texts("events")] == [
        (30, "look: the loss is odd")
    ]


def test_the_run_keeps_its_name_settings_and_end(imported: Imported, read: RunReader) -> None:
    """Secrets are masked, and what has no place is counted."""
    story = json.loads(imported.folder.run_json.read_text())
    assert [story[key] for key in ("project", "name", "tags", "notes", "group", "status")] == [
        *("old things", "first", ["a"], "why", "sweep", "failed"),
    ]
    assert read.config == {"lr": 0.1, "model": {"width": 8}, "hf_token": "***"}
    assert imported.left_out == {"W&B list": 3, "W&B object3D-file": 1}
    assert rrd.verify(imported.folder.recording(1)) == 0
    assert "begun" in imported.folder.log.read_text()


def test_a_log_that_was_cut_off_is_read_up_to_there(folder: Path, tmp_path: Path) -> None:
    """Its process was killed; media that are missing are counted."""
    log = next(folder.glob("*.wandb"))
    cut = tmp_path / "offline-run-1" / log.name
    cut.parent.mkdir()
    whole = log.read_bytes()
    cut.write_bytes(whole[: whole.index(b"media/images/pred") + 200])
    (run,) = import_runs(cut, root=tmp_path / "runs")
    read = RunReader(run.folder)
    assert read.scalars("train/loss")[0].tolist() == [10, 20, 30]
    assert read.status == "killed"
    assert run.left_out["the end of the log, which was cut off or is not written yet"] == 1


def test_media_outside_of_the_folder_are_not_read(folder: Path, tmp_path: Path) -> None:
    """A log may name any path; the page of this one is replaced by a link to a file elsewhere."""
    copy = tmp_path / folder.name
    shutil.copytree(folder, copy)
    (page,) = (copy / "files" / "media" / "html").glob("*.html")
    page.unlink()
    (tmp_path / "secret.html").write_text("secret")
    page.symlink_to(tmp_path / "secret.html")
    (run,) = import_runs(copy, root=tmp_path / "runs")
    assert RunReader(run.folder).texts("page") == []
    assert run.left_out["W&B html-file (its file lies outside of the run)"] == 1


def test_what_is_no_transaction_log_is_refused(tmp_path: Path) -> None:
    """With the words of W&B's own reader."""
    (tmp_path / "run-x.wandb").write_bytes(b"nothing of the sort" * 100)
    with pytest.raises(ValueError, match="W&B's own reader does not take"):
        list(import_runs(tmp_path, root=tmp_path / "runs"))


def test_a_reader_that_does_not_come_to_an_end_is_left(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked once more, and then the import says so."""
    copy = tmp_path / folder.name
    shutil.copytree(folder, copy)
    log = next(copy.glob("*.wandb"))
    log.unlink()
    os.mkfifo(log)  # nobody ever writes to it
    monkeypatch.setattr(wandb_folder, "_PATIENCE", 0.5)
    with pytest.raises(ValueError, match=r"come to an end within 0\.5 seconds, twice"):
        list(import_runs(copy, root=tmp_path / "runs"))
