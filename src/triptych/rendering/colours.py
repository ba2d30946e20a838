"""Numbers as colours, by matplotlib's colour maps."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

NOTHING = (70, 70, 70)
"""What is drawn where there is no number."""


def coloured(
    values: npt.NDArray[Any], low: float, high: float, colours: str
) -> npt.NDArray[np.uint8]:
    """Give each number its colour.

    Args:
        values: Floats (H, W); infinite ones get the end they point to, NaN `NOTHING`.
        low: What gets the first colour, as does all below.
        high: What gets the last colour, as does all above.
        colours: The name of a colour map of matplotlib.

    Returns:
        uint8 (H, W, 3).
    """
    from matplotlib import colormaps

    shares = (np.clip(values, low, high) - low) / (high - low)
    found: npt.NDArray[np.uint8] = colormaps[colours](shares, bytes=True)[..., :3]
    found[np.isnan(shares)] = NOTHING
    return found
