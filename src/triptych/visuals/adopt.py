"""Values of other packages that are pictures already: PIL images and figures."""

from __future__ import annotations

from typing import cast

from triptych.visuals.figure import Figure, is_figure
from triptych.visuals.image import Image
from triptych.visuals.pixels import is_pil
from triptych.visuals.visual import Visual

_visuals: set[type] = set()  # to ask a protocol takes ten microseconds, so each is asked once


def adopt(value: object) -> Visual | None:
    """Turn a value into a visual, if it is one or looks like a picture.

    Args:
        value: A visual, a PIL image, a figure of matplotlib or plotly, or anything else.

    Returns:
        The visual itself, an `Image`, a `Figure`, or None for anything else.
    """
    if type(value) in _visuals:
        return cast("Visual", value)
    # The type is asked first: classes are no visuals, and sparse tensors raise at `nbytes`.
    if hasattr(type(value), "own") and isinstance(value, Visual):
        _visuals.add(type(value))
        return value
    if is_pil(value):
        return Image(value)
    return Figure(value) if is_figure(value) else None
