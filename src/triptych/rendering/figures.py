"""Figures of matplotlib as pictures, without pyplot: it is not made for threads."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from triptych.visuals import Encoded

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DPI = 150
INK = "#333333"


def new_figure(width: float, height: float) -> Figure:
    """An empty white figure; its sides are in inches of 150 pixels."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=_DPI, layout="constrained")


def encode(figure: Figure) -> Encoded:
    """Draw a figure as a PNG: JPEG would smear its letters.

    All that is written must be `readable`, or matplotlib warns of letters that it lacks.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    file = io.BytesIO()
    # 256 colours are enough for lines and letters, and make a third of the bytes
    picture.quantize(256).save(file, "PNG")
    return Encoded(file.getvalue(), "image/png", *picture.size)
