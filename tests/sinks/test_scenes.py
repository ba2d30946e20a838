"""Points, boxes, meshes, lines, graphs and embeddings: logged once, read back from both panels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.support import environment, rrd, run_folder
from tests.support.run_folder import Panels
from tests.support.viewer import inspect
from triptych.visuals import Boxes3D
from triptych.visuals.colours import class_colour

HALF = 0.5**0.5

EVERYTHING = """
    import numpy as np
    import torch
    import triptych
    from triptych.visuals import Boxes3D, Embedding, Graph, Lines, Mesh, Points

    cloud = torch.tensor([[0.0, 1, 2], [3, 4, 5], [6, float("nan"), 8]], requires_grad=True)
    corners = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    vectors = np.eye(4)[[0, 0, 1, 2]] * [5, 4, 3, 2]
    with triptych.run("scenes", root="runs", strict=True, console=False) as run:
        run.advance()
        run.log({
            "cloud/classes": Points(cloud, class_ids=[1, 300, 0], classes={300: "far"}, radii=0.5),
            "cloud/values": Points(cloud.bfloat16(), "gray", values=[0, 1, 2], labels=list("abc")),
            "cloud/flat": Points([[1, 2], [3, 4]], torch.tensor([[1.0, 0, 0], [0, 0, 1]])),
            "cloud/none": Points(np.zeros((0, 3))),
            "boxes": Boxes3D(
                [[1, 2, 3]], [[2, 4, 6]], [[0, 0, -1, 1]], class_ids=[2], scores=[0.5],
                classes={2: "car"}, points=cloud,
            ),
            "boxes/none": Boxes3D([], []),
            "mesh": Mesh(corners, [[0, 1, 2], [0, 3, 1]], colours=(255, 0, 0)),
            "mesh/none": Mesh([], []),
            "lines/flat": Lines([[[0, 0], [1, 1]], [[5, 5], [6, 7], [8, 9]]], labels=["a", "b"]),
            "lines/deep": Lines([corners], colours=(0, 255, 0), radii=0.1),
            "graph": Graph(["a", "b"], [("a", "b")], ["in", "out"], class_ids=[0, 5]),
            "graph/placed": Graph(2, [(0, 1)], positions=[[0, 0], [0, 1]], directed=False),
            "embedding": Embedding(
                vectors, ["cat", "cat", "dog", "eel"], np.zeros((4, 3, 3)), names=list("wxyz")
            ),
        })
        cloud.data += 100
        run.advance()
        run.log({"cloud/values": Points([[7, 7, 7]])})
        run.advance()
        run.log({"cloud/large": Points(np.zeros((1_000_000, 3), np.float32), (9, 8, 7))})
"""


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Panels:
    """A run in which each scene is logged at step 1, a plainer one at step 2, a large one at 3."""
    home = tmp_path_factory.mktemp("everything")
    env = environment.isolated(home) | {"WANDB_MODE": "offline"}
    environment.run(EVERYTHING, env, cwd=home)
    return run_folder.find(home / "runs")


def _parts(panels: Panels, entity: str, step: int = 1) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in rrd.rows(panels.recording, entity):
        if row.time("step") == step:
            found |= row.components
    return found


def _media(panels: Panels, path: str) -> dict[str, Any]:
    return panels.wandb.media(path)[0]


def _file(panels: Panels, path: str) -> Path:
    return panels.wandb.folder / "files" / str(_media(panels, path)["path"])


def _rows(panels: Panels, path: str) -> Any:
    return json.loads(_file(panels, path).read_text())


def _packed(*colours: tuple[int, ...]) -> list[int]:
    """Colours as Rerun keeps them: red, green, blue and alpha in one integer."""
    return [int.from_bytes([*colour, 255][:4], "big") for colour in colours]


def test_points_are_the_same_in_both_panels(everything: Panels) -> None:
    """Places, radii, and the colours of classes; what is not finite is left out."""
    drawn = _parts(everything, "/cloud/classes")
    assert drawn["Points3D:positions"] == [[0, 1, 2], [3, 4, 5]]
    assert drawn["Points3D:radii"] == [0.5]
    assert drawn["Points3D:class_ids"] == [1, 300]
    assert drawn["Points3D:colors"] == _packed(class_colour(1), class_colour(300))
    assert _rows(everything, "cloud/classes") == [
        [0, 1, 2, *class_colour(1)],
        [3, 4, 5, *class_colour(300)],
    ]


def test_values_and_names_are_those_of_their_points(everything: Panels) -> None:
    """Of three values the last has no place; the colour map spans the rest."""
    drawn = _parts(everything, "/cloud/values")
    assert drawn["Points3D:labels"] == ["a", "b"]
    assert drawn["Points3D:colors"] == _packed((0, 0, 0), (255, 255, 255))
    assert drawn["Points3D:radii"][0] < 0  # a size on the screen
    assert [row[3:] for row in _rows(everything, "cloud/values")] == [[0] * 3, [255] * 3]


def test_names_of_earlier_points_do_not_stay(everything: Panels) -> None:
    """A viewer looks back for each component that a row lacks: so none is missing."""
    drawn = _parts(everything, "/cloud/values", step=2)
    assert drawn["Points3D:positions"] == [[7, 7, 7]]
    assert (drawn["Points3D:labels"], drawn["Points3D:class_ids"]) == ([], [])
    assert drawn["Points3D:colors"] == _packed(class_colour(0))


def test_points_in_a_plane_are_a_picture_in_wandb(everything: Panels) -> None:
    """And Rerun's own in Rerun, with a frame that makes the viewer show them all."""
    drawn, frame = (_parts(everything, f"/cloud/flat{part}") for part in ("", "/frame"))
    assert drawn["Points2D:positions"] == [[1, 2], [3, 4]]
    assert drawn["Points2D:colors"] == _packed((255, 0, 0), (0, 0, 255))
    assert frame["Boxes2D:centers"] == [[2, 3]]
    assert frame["Boxes2D:half_sizes"][0][0] > 1
    with Image.open(_file(everything, "cloud/flat")) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    for colour in ((255, 0, 0), (0, 0, 255)):
        assert (pixels == colour).all(axis=-1).sum() > 10


def test_a_million_points_are_recorded_and_a_sample_goes_to_wandb(everything: Panels) -> None:
    """The sample is told, and has the colour of all."""
    (row,) = rrd.rows(everything.recording, "/cloud/large")
    assert len(row.cell("Points3D:positions")) == 1_000_000
    rows = _rows(everything, "cloud/large")
    assert (len(rows), rows[0]) == (100_000, [0, 0, 0, 9, 8, 7])
    assert _media(everything, "cloud/large")["caption"] == "100000 of 1000000 points"


def test_no_points_and_no_boxes_are_logged(everything: Panels) -> None:
    """They say that there were none, and clear those of the step before."""
    assert _parts(everything, "/cloud/none")["Points3D:positions"] == []
    assert _parts(everything, "/boxes/none")["Boxes3D:half_sizes"] == []
    assert _rows(everything, "cloud/none") == []
    assert _rows(everything, "boxes/none") == {
        "type": "lidar/beta",
        "points": [],
        "boxes": [],
        "vectors": [],
    }


def test_boxes_have_place_turn_name_and_score(everything: Panels) -> None:
    """Quaternions in Rerun, corners in W&B; the points are with them."""
    drawn = _parts(everything, "/boxes")
    assert drawn["Boxes3D:half_sizes"] == [[1, 2, 3]]
    assert drawn["Boxes3D:labels"] == ["car 0.50"]
    assert drawn["Boxes3D:class_ids"] == [2]
    assert drawn["Boxes3D:colors"] == _packed(class_colour(2))
    turns = {key: value for key, value in drawn.items() if key.endswith("quaternions")}
    assert list(turns.values()) == [[pytest.approx([0, 0, -HALF, HALF])]]
    places = {key: value for key, value in drawn.items() if key.endswith(("centers", "slations"))}
    assert list(places.values()) == [[[1, 2, 3]]]
    cloud = _parts(everything, "/boxes/points")
    assert cloud["Points3D:positions"] == [[0, 1, 2], [3, 4, 5]]

    scene = _rows(everything, "boxes")
    assert scene["type"] == "lidar/beta"
    assert [row[:3] for row in scene["points"]] == [[0, 1, 2], [3, 4, 5]]
    (box,) = scene["boxes"]
    expected = Boxes3D([[1, 2, 3]], [[2, 4, 6]], [[0, 0, -1, 1]]).corners()[0]
    assert box["corners"] == pytest.approx(expected)
    assert (box["label"], box["score"]) == ("car", 0.5)
    assert box["color"] == pytest.approx([part / 255 for part in class_colour(2)])


def test_a_mesh_is_a_mesh_in_both_panels(everything: Panels) -> None:
    """As a glTF file in W&B; without triangles there is none, which is counted."""
    drawn = _parts(everything, "/mesh")
    assert len(drawn["Mesh3D:vertex_positions"]) == len(drawn["Mesh3D:vertex_normals"]) == 4
    assert drawn["Mesh3D:triangle_indices"] == [[0, 1, 2], [0, 3, 1]]
    assert drawn["Mesh3D:vertex_colors"] == _packed((255, 0, 0))
    corners = _parts(everything, "/mesh/frame")["Points3D:positions"]
    assert np.array(corners) == pytest.approx(np.array([[0.1] * 3, [0.9] * 3]))
    file = _file(everything, "mesh")
    assert (file.suffix, file.read_bytes()[:4]) == (".glb", b"glTF")
    shed = everything.story["totals"]["sinks"]["wandb"]["shed"]
    assert shed == {"not shown": {"mesh/none": 1}}


def test_lines_have_their_names_at_their_ends(everything: Panels) -> None:
    """In Rerun; W&B has a picture with a legend."""
    flat, names = (_parts(everything, f"/lines/flat{part}") for part in ("", "/labels"))
    assert flat["LineStrips2D:strips"] == [[[0, 0], [1, 1]], [[5, 5], [6, 7], [8, 9]]]
    assert flat["LineStrips2D:colors"] == _packed(class_colour(0), class_colour(1))
    assert names["Points2D:positions"] == [[1, 1], [8, 9]]
    assert names["Points2D:labels"] == ["a", "b"]
    deep = _parts(everything, "/lines/deep")
    assert deep["LineStrips3D:colors"] == _packed((0, 255, 0))
    assert deep["LineStrips3D:radii"] == pytest.approx([0.1])
    for path, colour in (("lines/flat", class_colour(1)), ("lines/deep", (0, 255, 0))):
        with Image.open(_file(everything, path)) as picture:
            pixels = np.asarray(picture.convert("RGB"))
        assert (pixels == colour).all(axis=-1).sum() > 50


def test_a_graph_has_nodes_and_edges(everything: Panels) -> None:
    """At one entity, as Rerun wants them; positions have room for the names."""
    drawn, placed = _parts(everything, "/graph"), _parts(everything, "/graph/placed")
    assert drawn["GraphNodes:node_ids"] == ["a", "b"]
    assert drawn["GraphNodes:labels"] == ["in", "out"]
    assert drawn["GraphNodes:colors"] == _packed(class_colour(0), class_colour(5))
    assert drawn["GraphEdges:edges"] == [{"first": "a", "second": "b"}]
    assert (drawn["GraphEdges:graph_type"], placed["GraphEdges:graph_type"]) == ([2], [1])
    (x, y), (u, v) = placed["GraphNodes:positions"]
    assert (x, y, u) == (0, 0, 0)
    assert v > 100
    with Image.open(_file(everything, "graph")) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    assert (pixels == class_colour(5)).all(axis=-1).sum() > 50


def test_an_embedding_is_points_and_a_table(everything: Panels) -> None:
    """Rerun names each class in its middle; W&B has a picture, and a table with thumbnails."""
    drawn, middles = (_parts(everything, f"/embedding{part}") for part in ("", "/classes"))
    positions = np.array(drawn["Points2D:positions"])
    assert positions.shape == (4, 2)
    assert positions[0] == pytest.approx(positions[1])
    assert drawn["Points2D:labels"] == ["w", "x", "y", "z"]
    assert drawn["Points2D:class_ids"] == [0, 0, 1, 2]
    assert middles["Points2D:labels"] == ["cat", "dog", "eel"]
    assert np.array(middles["Points2D:positions"]) == pytest.approx(positions[[0, 2, 3]])

    table = _rows(everything, "embedding/table")
    assert table["columns"] == ["x", "y", "label", "name", "image"]
    assert [row[2:4] for row in table["data"]] == [
        ["cat", "w"],
        ["cat", "x"],
        ["dog", "y"],
        ["eel", "z"],
    ]
    assert np.array([row[:2] for row in table["data"]]) == pytest.approx(positions)
    with Image.open(_file(everything, "embedding")) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    assert all((pixels == class_colour(one)).all(axis=-1).sum() > 20 for one in range(3))


def test_the_viewer_has_nothing_to_complain_of(everything: Panels) -> None:
    """In the default dashboard, before the million points: without a GPU these take too long."""
    assert inspect(everything.recording, at=2).problems == []
