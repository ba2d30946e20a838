"""Figures of matplotlib as pictures, without pyplot: it is not made for threads."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from triptych.rendering.fonts import families, readable
from triptych.visuals import Encoded
from triptych.visuals.colours import Colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DPI = 150
_PAD = 0.1  # inches around everything: a viewer cuts off the outermost pixels
INK = "#333333"
_FAINT = "#dddddd"


def new_figure(width: float, height: float) -> Figure:
    """An empty white figure; its sides are in inches of 150 pixels."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(h_pad=_PAD, w_pad=_PAD)
    return Figure(figsize=(width, height), dpi=_DPI, layout=layout)


def new_axes(figure: Figure, rows: int = 1, columns: int = 1, place: int = 0) -> Axes:
    """Axes without ornament, in one cell of a grid that is counted from 0, row by row."""
    axes: Axes = figure.add_subplot(rows, columns, place + 1)
    axes.grid(visible=True, color=_FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, length=0)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color("#999999")
    return axes


def write(setter: Any, text: str, **style: Any) -> None:
    """Set a title or a label, in fonts that have its letters; "" leaves it away."""
    if text:
        family = families(text)
        if len(family) > 1:  # other fonts may not be there in bold, of which matplotlib warns
            style.pop("fontweight", None)
        setter(readable(text), fontfamily=family, parse_math=False, color=INK, **style)


def rgb(colour: Colour) -> tuple[float, float, float]:
    """A colour as matplotlib takes it."""
    red, green, blue = (part / 255 for part in colour)
    return red, green, blue


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
