"""W&B's files hold what was logged, read back through W&B's own reader. Offline, for real."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import triptych
from tests.support import environment, pictures, rrd, run_folder, wandb_files
from tests.support.run_folder import Panels
from triptych.pipeline.cadence import Route
from triptych.sinks.wandb import WandbSink

CANARY = "hunter2canary"

EVERYTHING = """
    import logging
    import os
    import rerun as rr
    import wandb
    import triptych
    from tests.support import pictures

    secret = os.environ["MY_API_KEY"]
    boxes = {"boxes": [[1, 2, 5, 6], [0, 0, 3, 3]], "labels": [1, 2], "scores": [0.9, 0.5]}
    mask = (pictures.RGB[..., 0] > 70) * 2
    classes = {1: "cat", 2: "dog"}
    config = {
        "lr": 0.1, "model": {"width": 8}, "api_key": secret,
        "remote": f"https://me:{secret}@example.org/data", "args": ["--token", secret],
    }
    with triptych.run(
        "everything", "größte", root="runs", config=config, tags=["a", "b"], notes="a note",
        console=False,
    ) as run:
        for form, (given, _) in pictures.forms().items():
            run.advance()
            run.log({f"form/{form}": triptych.Image(given)})
        run.log({"form/photo": triptych.Image(pictures.PHOTO)})
        drawn = triptych.Image(pictures.RGB, boxes, mask, None, classes, "two pets")
        run.log({"val/drawn": drawn})
        run.log({"val/weights": triptych.Histogram.from_counts([3, 1], [0.0, 1.0, 3.0])})
        pictured = [[8, "three", triptych.Image(pictures.RGB)]]
        run.log({"val/worst": triptych.Table(["true", "said", "picture"], pictured)})
        run.log({"val/sample": triptych.Text("a < b")})
        run.log({"val/own": wandb.Image(pictures.RGB, caption="as it is")})
        run.log({"val/page": wandb.Html("<b>bold</b>", inject=False)})
        run.log({"val/cloud": rr.Points3D([[1, 2, 3]])})
        run.log({"bad": float("nan"), "worse": float("-inf")})
        logging.getLogger("my.model").warning("%d classes", 10)
        run.event("unfroze the backbone")
        for epoch in run.epochs(2):
            for _ in range(20):
                run.log({"val/many": lambda: triptych.Image(pictures.RGB)})
"""


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Panels:
    """A run in which everything is logged once, and one picture forty times."""
    home = tmp_path_factory.mktemp("everything")
    env = environment.isolated(home) | {"WANDB_MODE": "offline", "MY_API_KEY": CANARY}
    environment.run(EVERYTHING, env, cwd=home)
    return run_folder.find(home / "runs")


def _pixels(panels: Panels, fields: dict[str, Any]) -> Any:
    with Image.open(panels.wandb.folder / "files" / fields["path"]) as image:
        return np.asarray(image)


def test_the_identity_is_that_of_the_run(everything: Panels) -> None:
    """Id, project, name, tags, notes and config are in W&B's own fields."""
    wandb = everything.wandb

    assert (wandb.id, wandb.project, wandb.name) == (everything.folder.name, "everything", "größte")
    assert (wandb.tags, wandb.notes) == (["a", "b"], "a note")
    assert (wandb.config["lr"], wandb.config["model"]) == (0.1, {"width": 8})
    assert wandb.config["triptych"]["pid"] > 0
    assert (wandb.exit_code, wandb.summary["status"]) == (0, "finished")


def test_the_step_is_the_axis_of_everything(everything: Panels) -> None:
    """It is a metric, which W&B is told to use as the x-axis of all others."""
    axis, others = everything.wandb.metrics

    assert axis["name"] == "trainer/global_step"
    assert (others["glob_name"], others["step_metric"]) == ("*", "trainer/global_step")
    assert all("trainer/global_step" in row for row in everything.wandb.history)


@pytest.mark.parametrize("form", [*pictures.forms(), "photo"])
def test_a_picture_is_the_same_in_wandb_and_in_the_recording(form: str, everything: Panels) -> None:
    """Pixel by pixel, at the same step, whatever form it came in."""
    ((step, recorded),) = rrd.images(everything.recording, "/form/" + form.replace(" ", "\\ "))
    (fields,) = everything.wandb.media(f"form/{form}")
    (row,) = (row for row in everything.wandb.history if f"form/{form}._type" in row)

    assert row["trainer/global_step"] == step
    np.testing.assert_array_equal(_pixels(everything, fields), np.asarray(recorded))
    if form != "photo":
        np.testing.assert_array_equal(np.asarray(recorded), pictures.forms()[form][1])


def test_boxes_masks_and_captions_are_drawn(everything: Panels) -> None:
    """In pixels, with the names of the classes."""
    (fields,) = everything.wandb.media("val/drawn")
    files = everything.wandb.folder / "files"
    boxes = json.loads((files / fields["boxes.boxes.path"]).read_text())
    mask = np.asarray(Image.open(files / fields["masks.mask.path"]))

    assert fields["caption"] == "two pets"
    assert boxes["class_labels"] == {"1": "cat", "2": "dog"}
    assert [(box["class_id"], box["domain"]) for box in boxes["box_data"]] == [
        (1, "pixel"),
        (2, "pixel"),
    ]
    place = {"minX": 1, "minY": 2, "maxX": 5, "maxY": 6}
    assert boxes["box_data"][0]["position"] == place
    assert boxes["box_data"][0]["scores"]["score"] == pytest.approx(0.9)
    np.testing.assert_array_equal(mask, (pictures.RGB[..., 0] > 70) * 2)


def test_histograms_tables_and_texts_have_panels(everything: Panels) -> None:
    """Counts and edges as given; a table with its picture; a text which is no markup."""
    files = everything.wandb.folder / "files"
    (bars,) = everything.wandb.media("val/weights")
    (worst,) = everything.wandb.media("val/worst")
    (sample,) = everything.wandb.media("val/sample")
    table = json.loads((files / worst["path"]).read_text())

    assert (bars["values"], bars["bins"]) == ([3, 1], [0, 1, 3])
    assert table["columns"] == ["true", "said", "picture"]
    assert table["data"] == [[8, "three", "Image"]]  # the pixels are in the table's artifact
    (artifact,) = everything.wandb.artifacts
    kept = sorted(Path(entry["path"]).suffix for entry in artifact["manifest"]["contents"])
    assert kept == [".json", ".png"]
    assert "a &lt; b" in (files / sample["path"]).read_text()


def test_media_of_wandb_pass_as_they_are(everything: Panels) -> None:
    """And an archetype, which W&B cannot show, is counted."""
    (own,) = everything.wandb.media("val/own")
    (page,) = everything.wandb.media("val/page")
    sinks = everything.story["totals"]["sinks"]

    assert own["caption"] == "as it is"
    np.testing.assert_array_equal(_pixels(everything, own), pictures.RGB)
    assert (everything.wandb.folder / "files" / page["path"]).read_text() == "<b>bold</b>"
    assert sinks["wandb"]["shed"] == {"not shown": {"val/cloud": 1}}
    assert sinks["rerun"]["shed"] == {"not shown": {"val/page": 1}}


def test_eight_pictures_per_path_and_epoch_come(everything: Panels) -> None:
    """The recording has all of them."""
    rows = [row for row in everything.wandb.history if "val/many._type" in row]

    assert [row["epoch"] for row in rows] == [0] * 8 + [1] * 8
    assert len(rrd.images(everything.recording, "/val/many")) == 40


def test_what_is_not_finite_is_kept(everything: Panels) -> None:
    """In W&B's rows as in the recording, at the same step."""
    ((step, bad),) = everything.wandb.curve("bad")
    steps, values = rrd.scalars(everything.recording, "/bad")

    assert np.isnan(bad)
    assert (steps.tolist(), np.isnan(values).tolist()) == ([step], [True])
    assert everything.wandb.curve("worse") == [(step, float("-inf"))]
    assert everything.story["totals"]["nonfinite"] == {"bad": 1, "worse": 1}


def test_words_and_events_are_in_the_console(everything: Panels) -> None:
    """Each with its step; the sinks' own lines stay at home."""
    last = len(pictures.forms())

    assert everything.wandb.console == [
        f"step {last} train WARNING my.model: 10 classes",
        f"step {last} train EVENT unfroze the backbone",
    ]
    assert everything.wandb.curve("events") == [(last, "unfroze the backbone")]


def test_no_secret_reaches_the_disk(everything: Panels) -> None:
    """Not in any file of the run: keys, passwords in URLs, arguments, the environment."""
    files = [path for path in everything.folder.rglob("*") if path.is_file()]

    assert len(files) > 20
    assert [path for path in files if CANARY.encode() in path.read_bytes()] == []
    assert everything.wandb.config["api_key"] == "***"


def test_a_sink_without_windows_gets_every_number(tmp_path: Path) -> None:
    """Two values at one step are two rows: nothing is overwritten."""
    with triptych.run(
        "plain", root=tmp_path, sinks=[Route(WandbSink("offline"))], console=False
    ) as run:
        for _ in run.steps(range(3)):
            run.log({"loss": run.step, "acc": 0})
            run.log({"loss": -run.step})
    (folder,) = wandb_files.folders(run.dir / "wandb")

    curve = wandb_files.wait(folder).curve("loss")
    assert curve == [(1, 1), (1, -1), (2, 2), (2, -2), (3, 3), (3, -3)]
