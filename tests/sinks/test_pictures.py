"""Pictures of every kind in both panels: logged once, read back from both."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import triptych
from tests.support import environment, pictures, rrd, run_folder, viewer
from tests.support.run_folder import Panels
from triptych import visuals
from triptych.sinks.rerun import RerunSink
from triptych.visuals.colours import class_colour

EVERYTHING = """
    import numpy as np
    import plotly.graph_objects as graphs
    import torch
    from matplotlib.figure import Figure
    import triptych
    from tests.support import pictures
    from triptych import visuals

    RGB = pictures.RGB
    mask = np.zeros((6, 8), int)
    mask[2:4], mask[4:] = 1, 300
    metres = np.array([[0.5, 2.0], [0.0, np.nan]], np.float32)
    red = Figure(figsize=(2, 1), dpi=50, facecolor="red")
    grey = np.full((40, 60, 3), 100, np.uint8)
    box = {"boxes": [[1, 1, 5, 5]], "labels": [2]}

    with triptych.run("pictures", root="runs", strict=True, console=False) as run:
        run.advance()
        run.log({
            "grid/same": visuals.Grid(
                [triptych.Image(RGB, box, classes={2: "dog"}), RGB], ["one", "two"]
            ),
            "grid/mixed": visuals.Grid([RGB, grey]),
            "depth/metres": visuals.Depth(metres, caption="room"),
            "depth/camera": visuals.Depth(np.array([[500, 2000]], np.uint16), colours="gray"),
            "heat/map": visuals.Heatmap(torch.eye(2).bfloat16(), caption="head 3"),
            "figure/plain": red,
            "figure/named": visuals.Figure(red, "all red"),
            "figure/lively": graphs.Figure(graphs.Scatter(y=[1, 3, 2])),
            "mask/plain": triptych.Image(RGB, mask=mask),
            "mask/named": triptych.Image(RGB, mask=mask, classes={0: "sky", 1: "cat", 300: "dog"}),
            "points/dots": triptych.Image(grey, keypoints=[[30, 20]], caption="a point"),
            "boxes/odd": triptych.Image(grey, boxes=[[50, 30, -10, -20]]),
            "odd/pixel": triptych.Image(torch.tensor([[0.2]])),
            "odd/deep": triptych.Image(np.array([[0, 65535]], np.uint16)),
            "odd/nan": triptych.Image(np.array([[np.nan, np.inf, 0.2]])),
            "odd/mask": triptych.Image(torch.zeros(3, 6, 8), mask=torch.eye(6, 8).bool()),
            "huge": triptych.Image(np.broadcast_to(np.uint8(7), (8192, 8192))),
        })
        red.set_facecolor("blue")
        run.advance()
        run.log({"mask/plain": triptych.Image(RGB, mask=np.full((6, 8), 7))})
"""


@pytest.fixture(scope="module")
def panels(tmp_path_factory: pytest.TempPathFactory) -> Panels:
    """A run in which every kind of picture is logged."""
    home = tmp_path_factory.mktemp("pictures")
    env = environment.isolated(home) | {"WANDB_MODE": "offline"}
    environment.run(EVERYTHING, env, cwd=home)
    return run_folder.find(home / "runs")


def _media(panels: Panels, path: str) -> dict[str, Any]:
    return panels.wandb.media(path)[0]


def _file(panels: Panels, name: str) -> Path:
    return panels.wandb.folder / "files" / name


def _pixels(panels: Panels, name: str) -> Any:
    with Image.open(_file(panels, name)) as picture:
        return np.asarray(picture.convert("RGB"))


def _recorded(panels: Panels, entity: str) -> Any:
    return np.asarray(rrd.images(panels.recording, entity)[0][1].convert("RGB"))


def _part(panels: Panels, entity: str, component: str) -> Any:
    (row, *_) = (row for row in rrd.rows(panels.recording, entity) if component in row)
    return row.components[component]


def _context(panels: Panels, entity: str) -> dict[int, tuple[str, int]]:
    found = [
        row.components["AnnotationContext:context"][0]
        for row in rrd.rows(panels.recording, entity)
        if "AnnotationContext:context" in row and row.time("step") is None
    ]
    described = [entry["class_description"]["info"] for entry in found[-1]]
    return {entry["id"]: (entry["label"], entry["color"]) for entry in described}


def _rgba(class_id: int) -> int:
    red, green, blue = class_colour(class_id)
    return red << 24 | green << 16 | blue << 8 | 255


def test_nothing_is_lost_but_what_is_told(panels: Panels) -> None:
    """A figure of plotly is no picture without a browser: counted."""
    sinks = panels.story["totals"]["sinks"]
    assert sinks["rerun"]["shed"] == {"not shown": {"figure/lively": 1}}
    assert sinks["wandb"]["shed"] == {}


def test_a_grid_is_a_gallery_and_one_picture(panels: Panels) -> None:
    """W&B gets pictures, captions and boxes one by one; the recording has them side by side."""
    fields = _media(panels, "grid/same")
    assert (fields["_type"], fields["count"]) == ("images/separated", 2)
    assert fields["captions"] == ["one", "two"]
    for name in fields["filenames"]:
        np.testing.assert_array_equal(_pixels(panels, name), pictures.RGB)
    assert fields["all_boxes"][0]["boxes"]["path"].endswith(".json")

    whole = _recorded(panels, "/grid/same")
    second = whole[8:104, 144:272].astype(int)  # enlarged 16 times
    assert abs(second - pictures.RGB.repeat(16, 0).repeat(16, 1)).max() < 40
    # of the first one only the box differs
    differs = abs(whole[8:104, 8:136].astype(int) - second).max(axis=-1) > 60
    assert differs[16:20, 40:70].any(axis=0).all()
    assert not differs[40:60, 40:70].any()


def test_a_grid_of_many_sizes_is_one_picture_everywhere(panels: Panels) -> None:
    """W&B would show all of them in the size of the first."""
    fields = _media(panels, "grid/mixed")
    assert fields["_type"] == "image-file"
    shown = _pixels(panels, fields["path"])
    np.testing.assert_array_equal(shown, _recorded(panels, "/grid/mixed"))


def test_depth_is_depth_in_the_recording(panels: Panels) -> None:
    """With its unit, its range and its colours; the values are those that were given."""
    entity = "/depth/metres"
    assert _part(panels, entity, "DepthImage:meter") == [1.0]
    assert _part(panels, entity, "DepthImage:depth_range") == [[0.5, 2.0]]
    buffer = np.array(_part(panels, entity, "DepthImage:buffer")[0], np.uint8).view(np.float32)
    np.testing.assert_array_equal(buffer, [0.5, 2.0, 0.0, np.nan])
    assert _part(panels, f"{entity}/caption", "Points2D:labels") == ["room, from 0.5 to 2 m"]
    assert _part(panels, f"{entity}/nothing", "SegmentationImage:buffer") == [[0, 0, 1, 1]]
    assert "/depth/camera/nothing" not in rrd.entities(panels.recording)

    assert _part(panels, "/depth/camera", "DepthImage:meter") == [1000.0]
    assert _part(panels, "/depth/camera", "DepthImage:depth_range") == [[500.0, 2000.0]]
    assert _part(panels, "/depth/camera", "DepthImage:colormap") == [1]  # grayscale


def test_depth_is_a_picture_in_wandb(panels: Panels) -> None:
    """With its range in the caption; grey where nothing was measured."""
    fields = _media(panels, "depth/metres")
    assert fields["caption"] == "room, from 0.5 to 2 m"
    near, far, *nothing = _pixels(panels, fields["path"]).reshape(-1, 3).tolist()
    assert (near, far) == ([68, 1, 84], [253, 231, 36])  # the ends of viridis
    assert nothing == [[70, 70, 70]] * 2

    camera = _media(panels, "depth/camera")
    assert camera["caption"] == "from 0.5 to 2 m"
    assert _pixels(panels, camera["path"]).tolist() == [[[0] * 3, [255] * 3]]


def test_a_heatmap_is_the_same_picture_with_the_same_legend(panels: Panels) -> None:
    """Enlarged, and with what its colours mean."""
    legend = "head 3, from 0 to 1"
    fields = _media(panels, "heat/map")
    shown = _pixels(panels, fields["path"])

    assert (shown.shape, fields["caption"]) == ((256, 256, 3), legend)
    np.testing.assert_array_equal(shown, _recorded(panels, "/heat/map"))
    assert _part(panels, "/heat/map/caption", "Points2D:labels") == [legend]


def test_a_figure_is_shown_as_it_was_when_it_was_logged(panels: Panels) -> None:
    """Whether passed as it is or with a caption; one of plotly stays lively in W&B."""
    for path in ("figure/plain", "figure/named"):
        fields = _media(panels, path)
        for shown in (_pixels(panels, fields["path"]), _recorded(panels, f"/{path}")):
            assert shown.shape == (50, 100, 3)
            assert np.unique(shown.reshape(-1, 3), axis=0).tolist() == [[255, 0, 0]]
    assert fields["caption"] == "all red"
    assert _part(panels, "/figure/named/caption", "Points2D:labels") == ["all red"]

    lively = _media(panels, "figure/lively")
    assert lively["_type"] == "plotly-file"
    assert json.loads(_file(panels, lively["path"]).read_text())["data"][0]["y"] == [1, 3, 2]


def test_classes_of_masks_have_names_and_colours(panels: Panels) -> None:
    """Named or not; what is behind all others is clear, and a class keeps its colour for good."""
    assert _context(panels, "/mask/plain/mask") == {
        0: ("background", 0),
        1: ("1", _rgba(1)),
        300: ("300", _rgba(300)),
        7: ("7", _rgba(7)),
    }
    named = {0: ("sky", _rgba(0)), 1: ("cat", _rgba(1)), 300: ("dog", _rgba(300))}
    assert _context(panels, "/mask/named/mask") == named
    assert _context(panels, "/mask/named") == named


def test_masks_that_wandb_cannot_hold_are_drawn_in(panels: Panels) -> None:
    """Those with more than 256 classes, in the colours of the recording; others lie over."""
    wide, narrow = panels.wandb.media("mask/plain")
    with Image.open(_file(panels, narrow["masks.mask.path"])) as mask:
        assert np.unique(np.asarray(mask)).tolist() == [7]
    np.testing.assert_array_equal(_pixels(panels, narrow["path"]), pictures.RGB)

    assert not any(key.startswith("masks") for key in wide)
    drawn = _pixels(panels, wide["path"])
    np.testing.assert_array_equal(drawn[:2], pictures.RGB[:2])
    expected = (pictures.RGB[5, 5] * 0.5 + np.array(class_colour(300)) * 0.5).astype(np.uint8)
    assert drawn[5, 5].tolist() == expected.tolist()


def test_keypoints_are_points_in_the_recording_and_dots_in_wandb(panels: Panels) -> None:
    """W&B has no keypoints of its own."""
    assert _part(panels, "/points/dots/keypoints", "Points2D:positions") == [[30, 20]]
    assert (_recorded(panels, "/points/dots") == 100).all()

    shown = _pixels(panels, _media(panels, "points/dots")["path"])
    assert shown[20, 30].tolist() == [255, 220, 60]
    assert (shown[:10] == 100).all()


def test_boxes_may_be_turned_and_lie_outside(panels: Panels) -> None:
    """As a detector may say it before it has learned."""
    assert _part(panels, "/boxes/odd/boxes", "Boxes2D:centers") == [[20, 5]]
    assert _part(panels, "/boxes/odd/boxes", "Boxes2D:half_sizes") == [[30, 25]]
    fields = _media(panels, "boxes/odd")
    (box,) = json.loads(_file(panels, fields["boxes.boxes.path"]).read_text())["box_data"]
    assert box["position"] == {"minX": -10, "minY": -20, "maxX": 50, "maxY": 30}


@pytest.mark.parametrize(
    ("path", "levels"),
    [("odd/pixel", [51]), ("odd/deep", [0, 255]), ("odd/nan", [0, 255, 51]), ("odd/mask", [0] * 8)],
)
def test_odd_pictures_are_the_same_in_both(panels: Panels, path: str, levels: list[int]) -> None:
    """One pixel, 16 bits, what is not finite, and channels first under a mask of bools."""
    shown, recorded = _pixels(panels, _media(panels, path)["path"]), _recorded(panels, f"/{path}")
    assert shown[0, :, 0].tolist() == recorded[0, :, 0].tolist() == levels


def test_a_huge_picture_arrives(panels: Panels) -> None:
    """All of its 67 million pixels."""
    fields = _media(panels, "huge")
    assert (fields["width"], fields["height"]) == (8192, 8192)
    assert rrd.images(panels.recording, "/huge")[0][1].size == (8192, 8192)


def test_a_viewer_tints_all_but_the_background(tmp_path: Path) -> None:
    """In the colours that we draw with: it reads names and colours only where they are static."""
    grey = np.full((40, 60, 3), 100, np.uint8)
    mask = np.zeros((40, 60), int)
    mask[:, 30:] = 3
    with triptych.run("tints", root=tmp_path, sinks=[RerunSink()], console=False) as run:
        for _ in run.steps(range(2)):
            run.log({"val/mask": triptych.Image(grey, mask=mask)})
    left, right = _quarters(run.info.recording, "val/mask")

    assert abs(left - 100).max() <= 2
    tint = (100 + np.array(class_colour(3))) / 2
    assert abs(right - tint).max() <= 20  # it mixes by light, not by number


def test_a_viewer_draws_grey_where_no_depth_was_measured(tmp_path: Path) -> None:
    """And there alone; a later one that was measured everywhere has none."""
    measured = np.full((40, 60), 2.0)
    measured[0] = 1
    half = np.where(np.arange(60) < 30, measured, np.nan)
    with triptych.run("holes", root=tmp_path, sinks=[RerunSink()], console=False) as run:
        for metres in run.steps([half, measured]):
            run.log({"val/depth": visuals.Depth(metres)})
    far = [253, 231, 36]  # the end of viridis

    first = _quarters(run.info.recording, "val/depth", at=1)
    second = _quarters(run.info.recording, "val/depth", at=2)

    np.testing.assert_allclose(first, [far, [70, 70, 70]], atol=8)
    np.testing.assert_allclose(second, [far, far], atol=8)


def _quarters(recording: Path, view: str, at: int | None = None) -> Any:
    """What the viewer draws in the left and in the right half of a picture."""
    report = viewer.inspect(recording, view=view, at=at)
    assert report.problems == []
    with Image.open(io.BytesIO(report.png)) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    middle = pixels[pixels.shape[0] // 2]
    return middle[[len(middle) * 2 // 5, len(middle) * 3 // 5]]
