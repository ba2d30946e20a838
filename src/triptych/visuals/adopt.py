"""Values of other packages that are pictures already: PIL images and matplotlib figures."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from triptych.visuals.image import Image
from triptych.visuals.pixels import is_pil
from triptych.visuals.visual import Visual


def adopt(value: object) -> Visual | None:
    """Turn a value into a visual, if it is one or looks like a picture.

    Runs on the training thread. A figure is drawn here (tens of milliseconds), because it may
    change or be closed before a worker comes to it; it is left as it was.

    Args:
        value: A visual, a PIL image, a `matplotlib.figure.Figure`, or anything else.

    Returns:
        The visual itself, an `Image`, or None for anything else.
    """
    # The type is asked first: classes are no visuals, and sparse tensors raise at `nbytes`.
    if hasattr(type(value), "own") and isinstance(value, Visual):
        return value
    if is_pil(value):
        return Image(value)
    if _is_figure(value):
        return Image(_draw(value))
    return None


def _is_figure(value: object) -> bool:
    # Nobody can hold a figure unless matplotlib is imported.
    matplotlib = sys.modules.get("matplotlib.figure")
    figure_type = getattr(matplotlib, "Figure", None)
    return figure_type is not None and isinstance(value, figure_type)


def _draw(figure: Any) -> npt.NDArray[np.uint8]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    # A canvas without pixels (PDF, SVG, none at all) steps aside for one drawing.
    canvas: Any = figure.canvas
    agg: Any = canvas if isinstance(canvas, FigureCanvasAgg) else FigureCanvasAgg(figure)
    try:
        agg.draw()
        return np.array(agg.buffer_rgba())
    finally:
        figure.set_canvas(canvas)
