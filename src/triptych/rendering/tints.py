"""Which colour each of many points, lines and nodes has, the same in every panel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from triptych.rendering.colours import coloured
from triptych.visuals import Points
from triptych.visuals.colours import class_colour

Tints = npt.NDArray[np.uint8]


def class_tints(class_ids: npt.NDArray[np.uint16] | None, count: int) -> Tints:
    """The colours of class ids, uint8 (count, 3); without ids, that of class 0 for all."""
    if class_ids is None:
        class_ids = np.zeros(count, np.uint16)
    found, places = np.unique(class_ids, return_inverse=True)
    table = np.array([class_colour(one) for one in found.tolist()], np.uint8).reshape(-1, 3)
    return table[places.reshape(-1)]


def point_tints(points: Points) -> Tints:
    """The colours of points that are `normalised`: their own, of their values, or their classes.

    Returns:
        uint8 (N, 3), or (N, 4) where they came with alpha.
    """
    if points.colours is not None:
        return np.broadcast_to(points.colours, (len(points), points.colours.shape[1]))
    if points.values is not None:
        low, high = points.range or (0.0, 1.0)
        row: Tints = coloured(points.values[None], low, high, points.colour_map)[0]
        return row
    return class_tints(points.class_ids, len(points))


def strip_tints(colours: Tints, count: int) -> Tints:
    """The colours of lines that are `normalised`, one for each.

    Returns:
        uint8 (count, 3), or (count, 4) where they came with alpha.
    """
    return np.broadcast_to(colours, (count, colours.shape[1]))
