"""Charts as pictures: what is in the numbers is in the colours, and nothing makes them fail."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from triptych.rendering.charts import draw_bars, draw_confusion, draw_curve
from triptych.visuals import Bars, ConfusionMatrix, Curve, Encoded
from triptych.visuals.colours import class_colour

NAMES = [
    "cat",
    "$x_1$",
    "_dog",
    "\u9e1f \U0001f426",
    "a name that is much too long to be written out",
]
DARKEST = (8, 48, 107)
"""The end of matplotlib's "Blues", for a whole row."""


def _pixels(encoded: Encoded) -> np.ndarray:
    assert encoded.media_type == "image/png"
    with Image.open(io.BytesIO(encoded.data)) as picture:
        assert picture.size == (encoded.width, encoded.height)
        return np.asarray(picture.convert("RGB")).astype(int)


def _like(pixels: np.ndarray, colour: tuple[int, ...]) -> np.ndarray:
    """Which pixels have about that colour: pictures are stored with 256 colours."""
    return (np.abs(pixels - colour) < 12).all(axis=-1)


def test_each_line_has_a_colour_of_its_own() -> None:
    """The upper line is above, the lower below."""
    x = np.arange(50)
    pixels = _pixels(draw_curve(Curve({"low": (x, x * 0 + 1), "high": (x, x * 0 + 2)})))
    low, high = (np.argwhere(_like(pixels, class_colour(place))) for place in (0, 1))
    # the legend has a short piece of each, so that the middle of all pixels is asked
    assert len(low) > 300 < len(high)
    assert np.median(high[:, 0]) < np.median(low[:, 0]) - 100


def test_the_diagonal_is_there_where_it_is_asked_for() -> None:
    """A dashed line more."""
    plain, crossed = (Curve([0, 1], [0, 0], diagonal=diagonal) for diagonal in (False, True))
    grey = [_like(_pixels(draw_curve(curve)), (153, 153, 153)).sum() for curve in (plain, crossed)]
    assert grey[1] > grey[0] + 200


def test_a_longer_bar_has_more_ink() -> None:
    """In the order of the names, from the top; below zero to the left."""
    pixels = _like(_pixels(draw_bars(Bars({"cat": 2, "dog": 1, "bird": -1}))), class_colour(0))
    rows = pixels.sum(axis=1)
    tops = np.flatnonzero(np.diff(rows, prepend=0) > 20)
    cat, dog, bird = rows[tops]
    assert (cat / dog, bird / dog) == pytest.approx((2, 1), rel=0.05)
    middle = [np.flatnonzero(pixels[top]).mean() for top in tops]
    assert middle[2] < middle[1] < middle[0]


def test_a_cell_is_coloured_by_its_share_of_the_row() -> None:
    """However many there are in the row; the diagonal is that of the targets."""
    pixels = _pixels(draw_confusion(ConfusionMatrix.from_counts([[1000, 0], [1, 0]])))
    # the bar at the side has the same colours, so that only what lies to the left of it counts
    dark = np.argwhere(_like(pixels, DARKEST)[:, : pixels.shape[1] * 3 // 4])
    (top, left), (bottom, right) = dark.min(axis=0), dark.max(axis=0)
    assert (bottom - top) / (right - left) == pytest.approx(2, rel=0.1)  # the left column
    pale = _pixels(draw_confusion(ConfusionMatrix.from_counts([[1, 9], [9, 1]])))
    assert _like(pale, DARKEST).sum() < 0.2 * len(dark)


def test_numbers_and_names_are_written() -> None:
    """The same shares with other numbers, or other names, make another picture."""
    matrices = [
        ConfusionMatrix.from_counts([[1, 0], [0, 1]]),
        ConfusionMatrix.from_counts([[7, 0], [0, 7]]),
        ConfusionMatrix.from_counts([[1, 0], [0, 1]], ["cat", "dog"]),
    ]
    assert len({draw_confusion(matrix).data for matrix in matrices}) == 3


@pytest.mark.parametrize("count", [1, 5, 21, 60])
def test_matrices_of_any_size_are_drawn(count: int) -> None:
    """Where names and numbers have no room they are left out; nothing warns."""
    counts = np.eye(count) * 123_456
    encoded = draw_confusion(ConfusionMatrix.from_counts(counts, NAMES[:count]))
    assert 500 < encoded.width < 1600
    assert len(encoded.data) < 100_000


def test_odd_names_and_numbers_are_drawn(caplog: pytest.LogCaptureFixture) -> None:
    """Formulas, underscores, other scripts, nothing at all: matplotlib warns of none."""
    lines = {name: ([0, 1], [0, place]) for place, name in enumerate(NAMES)}
    draw_curve(Curve(lines, title="$\\alpha$ \u9e1f", x_label="_", y_label=""))
    draw_curve(Curve({str(place): ([0], [place]) for place in range(50)}))
    draw_curve(Curve([], []))
    draw_curve(Curve.roc([0, 0], [0, 1]))
    draw_curve(Curve([1, 1e300], [1e-300, -1e300]))
    draw_bars(Bars(dict.fromkeys(NAMES, np.nan)))
    draw_bars(Bars([0], [""]))
    draw_confusion(ConfusionMatrix.from_counts([[0, 0], [0, 0]], NAMES[3:]))
    assert draw_bars(Bars(np.arange(1000), [str(n) for n in range(1000)])).height < 7000
    assert caplog.records == []
