"""Many pictures as one: each at its place, with its caption."""

from __future__ import annotations

import numpy as np
import pytest

from triptych.rendering.sheet import sheet
from triptych.visuals import Grid

PAPER = [24, 24, 24]


def _flat(width: int, height: int, level: int) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def test_pictures_stand_row_by_row() -> None:
    """As near to a square as may be, or in the columns that were asked for."""
    pictures = [_flat(200, 100, level) for level in (50, 100, 150)]
    whole = sheet(Grid(pictures))
    assert whole.shape == (2 * 108 + 8, 2 * 208 + 8, 3)
    assert [whole[8, 8, 0], whole[8, 216, 0], whole[116, 8, 0]] == [50, 100, 150]
    assert whole[116, 216].tolist() == PAPER

    row = sheet(Grid(pictures, columns=3))
    assert row.shape == (116, 3 * 208 + 8, 3)
    assert [row[107, 8 + 208 * place, 0] for place in range(3)] == [50, 100, 150]
    assert sheet(Grid(pictures, columns=9)).shape == row.shape


def test_small_pictures_are_enlarged_by_a_whole_number() -> None:
    """So that their pixels stay squares, and a caption finds room."""
    whole = sheet(Grid([np.eye(28, dtype=np.uint8) * 255]))
    assert whole.shape == (28 * 5 + 16, 28 * 5 + 16, 3)
    assert (whole[8:-8, 8:-8, 0] == np.kron(np.eye(28), np.full((5, 5), 255))).all()


def test_large_pictures_are_made_smaller() -> None:
    """And keep their shape, beside smaller ones."""
    whole = sheet(Grid([_flat(4000, 2000, 50), _flat(100, 100, 200)]))
    assert whole.shape[1] <= 2400
    assert (whole[..., 0] == 50).sum() == pytest.approx(1192 * 596, rel=0.01)
    assert (whole[..., 0] == 200).sum() == 100 * 100


def test_captions_are_written_below() -> None:
    """In as many as three lines; without one there is no room left for it."""
    bare = sheet(Grid([_flat(200, 100, 0)]))
    short = sheet(Grid([_flat(200, 100, 0)], ["one"]))
    long = sheet(Grid([_flat(200, 100, 0)], ["many words " * 50]))

    assert bare.shape[0] == 116
    assert (short.shape[0] - bare.shape[0]) * 3 == long.shape[0] - bare.shape[0] > 30
    assert short[108:].max() > 200
    assert bare[108:].max() == PAPER[0]
    assert long[:, -8:].max() == PAPER[0]  # nothing is written beyond the picture


def test_a_picture_of_one_pixel_and_a_very_long_one_have_a_sheet() -> None:
    """No size is too small, no shape too odd."""
    assert sheet(Grid([_flat(1, 1, 9)], layout="HWC")).shape == (144, 144, 3)
    assert sheet(Grid([_flat(5000, 1, 9)], ["a"], layout="HWC")).shape[1] <= 2400
    assert sheet(Grid([_flat(1, 3000, 9)], layout="HWC")).shape[0] <= 2500
