"""Values of other packages that are pictures already: PIL images and figures."""

from __future__ import annotations

from triptych.visuals.figure import Figure, is_figure
from triptych.visuals.image import Image
from triptych.visuals.pixels import is_pil
from triptych.visuals.visual import Visual


def adopt(value: object) -> Visual | None:
    """Turn a value into a visual, if it is one or looks like a picture.

    Args:
        value: A visual, a PIL image, a figure of matplotlib or plotly, or anything else.

    Returns:
        The visual itself, an `Image`, a `Figure`, or None for anything else.
    """
    # The type is asked first: classes are no visuals, and sparse tensors raise at `nbytes`.
    if hasattr(type(value), "own") and isinstance(value, Visual):
        return value
    if is_pil(value):
        return Image(value)
    return Figure(value) if is_figure(value) else None
