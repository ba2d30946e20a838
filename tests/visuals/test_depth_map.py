"""Depth is in metres, whatever unit it came in, and knows where nothing was measured."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from triptych.visuals import Depth, Visual

METRES = np.array([[0.5, 2.0], [0.0, np.nan]], np.float32)


@pytest.mark.parametrize(
    ("values", "unit"),
    [
        (METRES, None),
        (torch.from_numpy(METRES).bfloat16(), None),
        (np.array([[500, 2000], [0, 0]], np.uint16), None),
        (torch.tensor([[[50, 200], [0, 0]]]), 0.01),
        (METRES[..., None] / 1000, 1000),
    ],
    ids=["metres", "bfloat16", "millimetres", "centimetres", "kilometres"],
)
def test_every_unit_becomes_metres(values: object, unit: float | None) -> None:
    """Floats are metres and integers millimetres, unless the unit is named; 0 is nothing."""
    depth = Depth(values, unit).own()

    np.testing.assert_allclose(depth.metres(), [[0.5, 2.0], [np.nan, np.nan]], rtol=1e-6)
    assert depth.shown_range() == pytest.approx((0.5, 2.0))
    assert depth.raw().shape == (2, 2)


def test_the_range_is_what_was_measured_or_what_is_named() -> None:
    """A plane of one distance, or of none, has a range too."""
    assert Depth(METRES, range=(0, 10)).shown_range() == (0, 10)
    assert Depth(np.full((2, 2), 3.0)).shown_range() == (3, 6)
    assert Depth(np.zeros((2, 2))).shown_range() == (0, 1)
    assert Depth(np.array([[np.inf, 1.0, 2.0]])).shown_range() == (1, 2)


def test_the_legend_has_caption_and_range() -> None:
    """In metres, whatever the unit."""
    assert Depth(METRES).legend() == "from 0.5 to 2 m"
    camera = Depth(np.array([[500, 2000]]), caption="room", range=(0, 3.14159))
    assert camera.legend() == "room, from 0 to 3.14 m"
    with pytest.raises(TypeError, match="caption must be a string"):
        Depth(METRES, caption=3)  # type: ignore[arg-type]


def test_own_is_a_copy() -> None:
    """Writing into the source does not change the owned depth."""
    source = torch.ones((2, 3))
    depth = Depth(source)
    owned = depth.own()
    source[:] = 5

    assert (owned.metres().max(), depth.metres().max()) == (1, 5)
    assert isinstance(owned, Visual)
    assert owned.nbytes == 2 * 3 * 4


def test_values_on_a_device_are_not_looked_at() -> None:
    """A meta tensor has no values to wait for."""
    assert Depth(torch.empty((1, 4, 5), device="meta", dtype=torch.int32)).unit == 0.001


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (np.zeros((3, 4, 5)), {}, r"shape \(3, 4, 5\) must be \(H, W\)"),
        (np.zeros(3), {}, "must be"),
        (np.zeros((0, 3)), {}, "is empty"),
        (METRES, {"unit": 0}, "unit must be the metres in one unit"),
        (METRES, {"range": (2, 1)}, "low < high"),
        (METRES, {"colours": "jet"}, "colours must be one of viridis, inferno"),
    ],
)
def test_what_is_no_depth_is_told(values: object, options: dict[str, object], message: str) -> None:
    """Shapes, units, ranges and colour maps are checked when it is built."""
    with pytest.raises(ValueError, match=message):
        Depth(values, **options)  # type: ignore[arg-type]


def test_what_are_no_numbers_is_told() -> None:
    """Complex ones have no order."""
    with pytest.raises(TypeError, match=r"pass values.abs\(\)"):
        Depth(torch.zeros((2, 2), dtype=torch.complex64))
    with pytest.raises(TypeError, match="must be numbers"):
        Depth("far")
