"""Heatmaps as pictures."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from triptych.rendering import figures
from triptych.rendering.colours import coloured
from triptych.rendering.fonts import families, readable
from triptych.visuals import Encoded, Heatmap
from triptych.visuals.encoding import encode

_READABLE = 256  # pixels of the longer side; smaller ones are enlarged by a whole number
_CELL = 0.26  # inches for a named row or column
_MOST_INCHES = 16.0
_OPACITY = 0.5


def draw_heatmap(heatmap: Heatmap) -> Encoded:
    """With names beside it, laid over its picture, or as one square of colour for each number."""
    if heatmap.rows is not None or heatmap.columns is not None:
        return _named(heatmap)
    low, high = heatmap.shown_range()
    pixels = coloured(heatmap.matrix(), low, high, heatmap.colours)
    if heatmap.over is not None:
        return encode(_over(heatmap.over.to_uint8(), pixels))
    times = max(1, _READABLE // max(pixels.shape[:2]))
    return encode(pixels.repeat(times, 0).repeat(times, 1))


def _over(below: npt.NDArray[np.uint8], pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    from PIL import Image as Pictures

    picture = Pictures.fromarray(below).convert("RGB")
    stretched = Pictures.fromarray(pixels).resize(picture.size, Pictures.Resampling.BILINEAR)
    return np.asarray(Pictures.blend(picture, stretched, _OPACITY))


def _named(heatmap: Heatmap) -> Encoded:
    values = heatmap.matrix()
    low, high = heatmap.shown_range()
    height, width = values.shape
    sides = (min(_MOST_INCHES, 2 + _CELL * width), min(_MOST_INCHES, 1 + _CELL * height))
    figure = figures.new_figure(*sides)
    axes = figure.add_subplot()
    shown = axes.imshow(values, cmap=heatmap.colours, vmin=low, vmax=high, interpolation="nearest")
    figure.colorbar(shown)
    for axis, names in ((axes.yaxis, heatmap.rows), (axes.xaxis, heatmap.columns)):
        if names is not None:
            written = [readable(name) for name in names]
            axis.set_ticks(range(len(written)), written, parse_math=False)
            for label in axis.get_ticklabels():
                label.set_fontfamily(families(label.get_text()))
    axes.tick_params("x", labelrotation=90)
    return figures.encode(figure)
