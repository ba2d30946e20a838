"""Pictures as models take them: normalised, so that black and white must be found first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from triptych.visuals.arrays import host_array
from triptych.visuals.image import Image
from triptych.visuals.pixels import Layout, is_pil

Classes = Mapping[int, str] | Sequence[str] | None
"""Names of the class ids: {id: name}, or a sequence where the position is the id."""


def picture(
    pixels: Any,
    *,
    caption: str | None = None,
    mask: Any = None,
    boxes: Any = None,
    classes: Classes = None,
    layout: Layout | None = None,
    value_range: tuple[float, float] | None = None,
) -> Image:
    """An `Image`, also of pixels that were normalised for a model: then from darkest to lightest.

    Args:
        pixels: As for `triptych.Image`, of any range.
        caption: As for `triptych.Image`.
        mask: As for `triptych.Image`.
        boxes: As for `triptych.Image`.
        classes: As for `triptych.Image`.
        layout: As for `triptych.Image`.
        value_range: What is drawn black and white; None finds it in these pixels.
    """
    if value_range is None:
        value_range = spread([pixels])
    return Image(
        pixels,
        boxes,
        mask,
        classes=classes,
        caption=caption,
        layout=layout,
        value_range=value_range,
    )


def spread(pictures: Any) -> tuple[float, float] | None:
    """Darkest and lightest of float pictures that leave 0 to 1; None where the dtype says it."""
    if any(is_pil(pixels) or isinstance(pixels, Image) for pixels in pictures):
        return None
    arrays = [host_array(pixels) for pixels in pictures]
    if not arrays or arrays[0].dtype.kind != "f":
        return None
    values = np.concatenate([array[np.isfinite(array)] for array in arrays])
    if not values.size or (values.min() >= 0 and values.max() <= 1):
        return None
    low, high = float(values.min()), float(values.max())
    return (low, high) if low < high else (low - 0.5, low + 0.5)
