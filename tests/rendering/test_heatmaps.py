"""A heatmap is drawn so that its numbers can be told apart."""

from __future__ import annotations

import io

import numpy as np
from matplotlib import colormaps
from PIL import Image as Pictures

from triptych.rendering.heatmaps import draw_heatmap
from triptych.visuals import Heatmap


def _pixels(heatmap: Heatmap) -> np.ndarray:
    encoded = draw_heatmap(heatmap)
    with Pictures.open(io.BytesIO(encoded.data)) as picture:
        assert picture.size == (encoded.width, encoded.height)
        return np.asarray(picture.convert("RGB"))


def test_a_small_matrix_is_enlarged_to_squares() -> None:
    """Each number is a square of one colour."""
    drawn = _pixels(Heatmap(np.array([[0.0, 1.0], [np.nan, 0.5]])))

    assert drawn.shape == (256, 256, 3)
    low, high, middle = (colormaps["viridis"](end, bytes=True)[:3] for end in (0.0, 1.0, 0.5))
    assert (drawn[:128, :128] == low).all()
    assert (drawn[:128, 128:] == high).all()
    assert (drawn[128:, 128:] == middle).all()
    assert len(np.unique(drawn[128:, :128].reshape(-1, 3), axis=0)) == 1


def test_a_large_matrix_keeps_its_size() -> None:
    """One pixel for each number; so does a row."""
    assert _pixels(Heatmap(np.zeros((300, 400)))).shape == (300, 400, 3)
    assert _pixels(Heatmap(np.arange(1000.0)[None])).shape == (1, 1000, 3)


def test_a_matrix_over_a_picture_is_stretched_and_half_transparent() -> None:
    """Saliency of 2 x 2 over a picture of another size."""
    values = np.array([[0.0, 1.0], [0.0, 1.0]])
    below = np.full((60, 90), 200, np.uint8)
    drawn = _pixels(Heatmap(values, colours="gray", over=below))

    assert drawn.shape == (60, 90, 3)
    assert abs(drawn[30, 0].astype(int) - 100).max() <= 2
    assert abs(drawn[30, -1].astype(int) - 227).max() <= 2


def test_named_rows_and_columns_have_their_names() -> None:
    """In any script, and with signs that mean something elsewhere; more names, more room."""
    values = np.eye(3)
    plain = _pixels(Heatmap(values, rows=["a", "b", "c"]))
    odd = _pixels(Heatmap(values, rows=["$x_", "\N{CJK UNIFIED IDEOGRAPH-72D7}", "\n"]))
    both = _pixels(Heatmap(np.eye(40), rows=["word"] * 40, columns=["word"] * 40))

    high = np.array(colormaps["viridis"](1.0, bytes=True)[:3])
    squares = (abs(plain.astype(int) - high).max(axis=-1) < 4).mean()
    assert 0.05 < squares < 0.5  # the diagonal, and the end of the scale
    assert plain.shape == odd.shape
    assert min(both.shape[:2]) > 3 * min(plain.shape[:2])
