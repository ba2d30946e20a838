"""Tables with pictures: every cell at its place, in rows that are as high as they need."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image as Pictures

from triptych.rendering.tables import draw_table
from triptych.visuals import Image, Table

RED, BLUE = (200, 30, 30), (30, 30, 200)


def _flat(colour: tuple[int, ...], height: int, width: int, caption: str | None = None) -> Image:
    return Image(np.full((height, width, 3), colour, np.uint8), caption=caption, layout="HWC")


def _pixels(table: Table) -> np.ndarray:
    with Pictures.open(io.BytesIO(draw_table(table).data)) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def _box(pixels: np.ndarray, colour: tuple[int, ...]) -> tuple[int, ...]:
    """Left, top, width and height of what has about that colour."""
    found = np.argwhere((np.abs(pixels - colour) < 30).all(axis=-1))
    (top, left), (bottom, right) = found.min(axis=0), found.max(axis=0)
    return int(left), int(top), int(right - left + 1), int(bottom - top + 1)


def test_pictures_stand_in_their_cells() -> None:
    """Small ones enlarged by whole numbers, large ones made smaller, in their own shape."""
    rows = [[1, _flat(RED, 10, 20)], ["two", _flat(BLUE, 600, 300)]]
    pixels = _pixels(Table(["n", "picture"], rows))
    left, top, width, height = _box(pixels, RED)
    assert (width, height) == (80, 40)
    below = _box(pixels, BLUE)
    assert below[2:] == (48, 96)
    assert below[0] == left > 30
    assert below[1] > top + height


def test_words_are_wrapped_and_cut() -> None:
    """A long text makes its row higher, but not for ever."""
    heights = [
        _pixels(Table(["p", "text"], [[_flat(RED, 4, 4), text]])).shape[0]
        for text in ("word", "word\n" * 5, "word " * 40, "word " * 4000)
    ]
    assert heights[0] < heights[1] == heights[2] == heights[3]


def test_odd_cells_are_drawn() -> None:
    """Nothing, what is not a number, other scripts, blanks, a caption of many lines."""
    cells = [None, float("nan"), "\u4e2d|\U0001f389", " \n ", "", True]
    rows = [[cell, _flat(RED, 1, 1, "a\nb" * 30)] for cell in cells]
    assert _box(_pixels(Table(["", "p"], rows)), RED)[2] == 96


def test_a_long_table_says_what_is_missing() -> None:
    """Thirty rows are drawn."""
    picture = _flat(RED, 2, 2)
    heights = [draw_table(Table(["p"], [[picture]] * count)).height for count in (29, 30, 31, 1000)]
    assert heights[1] - heights[0] == 96 + 16
    assert 0 < heights[2] - heights[1] < 96
    assert heights[3] == heights[2]
