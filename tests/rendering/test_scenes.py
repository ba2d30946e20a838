"""What W&B has no view of is drawn so that it can be looked at."""

from __future__ import annotations

import builtins
import io
import sys
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pictures

from triptych.rendering.scenes import draw_graph, draw_lines, draw_points, layout
from triptych.visuals import Encoded, Graph, Lines, Points
from triptych.visuals.colours import class_colour

rng = np.random.default_rng(0)
BLUE, RED = (0, 0, 255), (255, 0, 0)


def _pixels(encoded: Encoded) -> np.ndarray:
    with Pictures.open(io.BytesIO(encoded.data)) as picture:
        return np.asarray(picture.convert("RGB"))


def _middle(pixels: np.ndarray, colour: tuple[int, int, int]) -> tuple[float, float]:
    """Where a colour is, as shares of the width and of the height."""
    rows, columns = np.nonzero((pixels == colour).all(axis=-1))
    assert len(rows) > 10, f"nothing is drawn in {colour}"
    return columns.mean() / pixels.shape[1], rows.mean() / pixels.shape[0]


def test_points_in_a_plane_lie_as_in_a_picture() -> None:
    """X to the right and y down, as Rerun shows them."""
    pixels = _pixels(draw_points(Points([[0, 0], [1, 1]], [BLUE, RED]).normalised()))
    (left, top), (right, bottom) = _middle(pixels, BLUE), _middle(pixels, RED)
    assert (left < 0.3, right > 0.7) == (True, True)
    assert (top < 0.3, bottom > 0.7) == (True, True)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_points_have_the_colours_of_their_classes(dimensions: int) -> None:
    """In the plane and in space, and the legend has them too."""
    places = np.arange(8 * dimensions, dtype=float).reshape(8, dimensions)
    points = Points(places, class_ids=[0, 0, 4, 4, 300, 300, 7, 7], classes={4: "four"})
    pixels = _pixels(draw_points(points.normalised()))
    legend = pixels[: pixels.shape[0] // 2, int(pixels.shape[1] * 0.85) :]
    for one in (0, 4, 7, 300):
        assert (legend == class_colour(one)).all(axis=-1).sum() > 10
        _middle(pixels[:, : int(pixels.shape[1] * 0.85)], class_colour(one))


def test_values_have_a_scale() -> None:
    """Of which the ends are at the side of the picture."""
    pixels = _pixels(draw_points(Points([[0, 0], [1, 1]], values=[0, 1]).normalised()))
    side = pixels[:, int(pixels.shape[1] * 0.82) :]
    purple = (np.abs(side.astype(int) - (68, 1, 84)) < 12).all(axis=-1).any(axis=1)
    yellow = (np.abs(side.astype(int) - (253, 231, 37)) < 12).all(axis=-1).any(axis=1)
    assert np.flatnonzero(yellow).min() < np.flatnonzero(purple).max()


def test_lines_go_through_their_points() -> None:
    """One strip in each colour, in the plane and in space."""
    strips = [[[0, 0], [1, 0]], [[0, 1], [1, 1]]]
    pixels = _pixels(draw_lines(Lines(strips, [BLUE, RED], labels=["a", "b"]).normalised()))
    inside = pixels[:, : int(pixels.shape[1] * 0.8)]
    assert _middle(inside, BLUE)[1] < 0.4
    assert _middle(inside, RED)[1] > 0.6
    deep = Lines(np.eye(3)[None], [RED]).normalised()
    _middle(_pixels(draw_lines(deep)), RED)


def test_a_graph_has_its_nodes_where_they_were_put() -> None:
    """In the colours of their classes; arrows between them, and a ring for a loop."""
    edges = [("a", "b"), ("b", "a"), ("b", "b")]
    graph = Graph(["a", "b"], edges, positions=[[0, 0], [5, 0]], class_ids=[1, 2])
    pixels = _pixels(draw_graph(graph))
    inside = pixels[:, : int(pixels.shape[1] * 0.85)]
    assert _middle(inside, class_colour(1))[0] < 0.3
    assert _middle(inside, class_colour(2))[0] > 0.6
    bare = _pixels(draw_graph(Graph(["a", "b"], [], positions=[[0, 0], [5, 0]], class_ids=[1, 2])))
    assert (pixels != bare).any(axis=-1).sum() > 200


def test_a_layout_is_the_same_each_time() -> None:
    """Else a graph would jump from step to step."""
    graph = Graph(5, [(0, 1), (1, 2), (3, 4)])
    found = layout(graph)
    assert (found.shape, found.dtype) == ((5, 2), np.float32)
    np.testing.assert_array_equal(found, layout(graph))
    assert len(np.unique(found, axis=0)) == 5


def test_without_networkx_nodes_stand_on_a_circle(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the package is not installed."""
    real = builtins.__import__

    def without(name: str, *arguments: Any, **named: Any) -> Any:
        if name == "networkx":
            raise ImportError(name)
        return real(name, *arguments, **named)

    monkeypatch.delitem(sys.modules, "networkx", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    assert layout(Graph(4, [])) == pytest.approx(
        np.array([[1, 0], [0, 1], [-1, 0], [0, -1]]), abs=1e-6
    )


@pytest.mark.parametrize(
    "drawn",
    [
        lambda: draw_points(Points(np.zeros((0, 2)), values=[]).normalised()),
        lambda: draw_points(Points(np.zeros((0, 3)), class_ids=[]).normalised()),
        lambda: draw_points(Points([[5, 5]], labels=["汉字 \U0001f389 $x"]).normalised()),
        lambda: draw_points(Points([[0, 0]] * 30, class_ids=range(30)).normalised()),
        lambda: draw_lines(Lines([]).normalised()),
        lambda: draw_lines(Lines([rng.random((1_000_000, 2))]).normalised()),
        lambda: draw_graph(Graph([], [])),
        lambda: draw_graph(Graph(70, [(n, m) for n in range(8) for m in range(70)])),
    ],
    ids=[
        "none",
        "none in space",
        "strange name",
        "many classes",
        "no lines",
        "long line",
        "no graph",
        "large",
    ],
)
def test_what_is_odd_is_drawn_without_a_warning(drawn: Any) -> None:
    """A warning would be an error here."""
    assert _pixels(drawn()).shape == (750, 900, 3)
