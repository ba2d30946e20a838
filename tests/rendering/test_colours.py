"""Numbers get the colours of matplotlib's maps."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from matplotlib import colormaps

from triptych.rendering.colours import NOTHING, coloured
from triptych.visuals.colours import ColourMap


@pytest.mark.parametrize("name", get_args(ColourMap))
def test_the_ends_of_the_range_have_the_ends_of_the_map(name: str) -> None:
    """And what lies beyond has them too; NaN has none."""
    values = np.array([[0.0, 2.0, -9.0, 9.0, -np.inf, np.inf, np.nan]])
    first, last = (tuple(colormaps[name](end, bytes=True)[:3]) for end in (0.0, 1.0))

    found = [tuple(colour) for colour in coloured(values, 0, 2, name)[0].tolist()]
    assert found == [first, last, first, last, first, last, NOTHING]


def test_colours_lie_between() -> None:
    """Linearly, for integers and bools as well."""
    assert coloured(np.array([[0, 1, 2]]), 0, 2, "gray")[0, :, 0].tolist() == [0, 128, 255]
    assert coloured(np.array([[False, True]]), 0, 1, "gray")[0, :, 0].tolist() == [0, 255]
