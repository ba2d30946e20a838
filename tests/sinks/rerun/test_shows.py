"""Pictures in the recording, and what passes through: pixels, and what is drawn on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rerun as rr

import triptych
from tests.support import pictures, rrd
from triptych.sinks.rerun import RerunSink


def _record(root: Path, *rows: dict[str, Any]) -> triptych.Run:
    """Logs each of the rows at a step of its own, from 1."""
    with triptych.run("rerun", root=root, sinks=[RerunSink()], console=False) as run:
        for row in run.steps(rows):
            run.log(row)
    return run


def _parts(run: triptych.Run, entity: str) -> list[tuple[int | None, dict[str, Any]]]:
    found = rrd.rows(run.info.recording, entity)
    return [(row.time("step"), row.components) for row in found if row.time("step") is not None]


@pytest.mark.parametrize("form", pictures.forms())
def test_a_small_picture_keeps_its_pixels(form: str, tmp_path: Path) -> None:
    """Whatever form it came in, the recording has the pixels to the last bit."""
    given, expected = pictures.forms()[form]
    run = _record(tmp_path, {"val/pred": triptych.Image(given)})

    ((step, shown),) = rrd.images(run.info.recording, "/val/pred")
    assert (step, shown.format) == (1, "PNG")
    np.testing.assert_array_equal(np.asarray(shown), expected)


def test_a_photo_is_nearly_the_same(tmp_path: Path) -> None:
    """As a JPEG, with no pixel far from what it was."""
    run = _record(tmp_path, {"val/photo": triptych.Image(pictures.PHOTO / np.float32(255))})

    ((_, shown),) = rrd.images(run.info.recording, "/val/photo")
    assert shown.format == "JPEG"
    assert np.abs(np.asarray(shown).astype(int) - pictures.PHOTO).max() < 8


def test_what_is_drawn_on_a_picture_lies_below_it(tmp_path: Path) -> None:
    """Boxes with names and scores, class ids, mask, keypoints and caption, at the same step."""
    boxes = {"boxes": [[1, 2, 5, 6], [0, 0, 3, 3]], "labels": [1, 2], "scores": [0.9, 0.5]}
    mask = (pictures.RGB[..., 0] > 70) * 2
    names = {1: "cat", 2: "dog"}
    picture = triptych.Image(pictures.RGB, boxes, mask, [[1, 2], [3, 4]], names, "two pets")
    run = _record(tmp_path, {"val/pred": picture})

    ((step, drawn),) = _parts(run, "/val/pred/boxes")
    assert step == 1
    assert drawn["Boxes2D:centers"] == [[3, 4], [1.5, 1.5]]
    assert drawn["Boxes2D:half_sizes"] == [[2, 2], [1.5, 1.5]]
    assert drawn["Boxes2D:labels"] == ["cat 0.90", "dog 0.50"]
    assert drawn["Boxes2D:class_ids"] == [1, 2]
    ((_, drawn),) = _parts(run, "/val/pred/mask")
    assert drawn["SegmentationImage:format"][0]["width"] == 8
    ids = np.array(drawn["SegmentationImage:buffer"][0], np.uint8).view(np.uint16)
    np.testing.assert_array_equal(ids.reshape(6, 8), mask)
    ((_, drawn),) = _parts(run, "/val/pred/keypoints")
    assert drawn["Points2D:positions"] == [[1, 2], [3, 4]]
    ((_, drawn),) = _parts(run, "/val/pred/caption")
    assert drawn["Points2D:labels"] == ["two pets"]
    (context,) = [
        row.components["AnnotationContext:context"]
        for row in rrd.rows(run.info.recording, "/val/pred")
        if "AnnotationContext:context" in row
    ]
    described = [entry["class_description"]["info"] for entry in context[0]]
    assert {entry["id"]: entry["label"] for entry in described} == names


def test_boxes_of_an_earlier_picture_do_not_stay(tmp_path: Path) -> None:
    """A viewer shows the newest of each entity: what a picture lacks is cleared, names included."""
    box = [[1, 2, 5, 6]]
    pictured = [
        triptych.Image(pictures.RGB, boxes=boxes)
        for boxes in ({"boxes": box, "labels": ["cat"]}, box, None)
    ]
    run = _record(tmp_path, *({"val/pred": picture} for picture in pictured))

    (_, named), (_, bare), (step, gone) = _parts(run, "/val/pred/boxes")
    assert named["Boxes2D:labels"] == ["cat"]
    assert bare["Boxes2D:labels"] == []
    assert (step, gone) == (3, {"Clear:is_recursive": [False]})


def test_archetypes_pass_as_they_are(tmp_path: Path) -> None:
    """What Rerun can show and Triptych has no visual for goes through, at the step."""
    run = _record(tmp_path, {"cloud": rr.Points3D([[1, 2, 3]])})

    ((step, cloud),) = _parts(run, "/cloud")
    assert (step, cloud["Points3D:positions"]) == (1, [[1, 2, 3]])


def test_media_of_wandb_are_shown_where_that_is_sensible(tmp_path: Path) -> None:
    """Pictures, tables and histograms are; a web page is not, and is counted."""
    import wandb

    counted = np.array([3, 1]), np.array([0.0, 1.0, 3.0])
    run = _record(
        tmp_path,
        {"picture": wandb.Image(pictures.RGB, caption="seven")},
        {"table": wandb.Table(columns=["a"], data=[[1]])},
        {"bars": wandb.Histogram(np_histogram=counted)},
        {"page": wandb.Html("<b>bold</b>", inject=False)},
    )
    path = run.info.recording

    ((_, shown),) = rrd.images(path, "/picture")
    np.testing.assert_array_equal(np.asarray(shown), pictures.RGB)
    assert _parts(run, "/picture/caption")[0][1]["Points2D:labels"] == ["seven"]
    assert (2, "/table", "| a |\n| --- |\n| 1 |") in rrd.documents(path)
    assert _parts(run, "/bars")[0][1]["BarChart:values"][0]["buffer"] == [3, 1]
    assert run.totals.sinks["rerun"].shed == {"not shown": {"page": 1}}
