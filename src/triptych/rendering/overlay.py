"""Curves of several runs over each other: a plot for each path, a colour for each run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from triptych.rendering.figures import INK, encode, new_axes, new_figure, rgb, write
from triptych.rendering.fonts import families, readable
from triptych.visuals import Encoded
from triptych.visuals.colours import class_colour
from triptych.visuals.trace import line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Line: TypeAlias = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]
"""Steps and values, both (N,)."""

_MOST_POINTS = 2000  # of a line: more than the picture is wide
_FEW = 30  # points that can be told apart
_COLUMNS = 3
_ORDERS = 1.5  # decimal orders of magnitude from which on a logarithmic axis shows more


def draw_overlay(plots: Mapping[str, Mapping[str, Line]], names: list[str]) -> Encoded:
    """Draw the curves at each path, with a legend of the runs below.

    Positive numbers over several orders of magnitude get a logarithmic axis.

    Args:
        plots: By path, and then by the name of the run; at least one.
        names: All runs, which gives each its colour.
    """
    columns = min(_COLUMNS, len(plots))
    rows = math.ceil(len(plots) / columns)
    figure = new_figure(4.5 * columns, 3.2 * rows + 0.5)
    drawn = {}
    for place, (path, lines) in enumerate(plots.items()):
        axes = new_axes(figure, rows, columns, place)
        write(axes.set_title, path, fontsize=10, fontweight="bold")
        if place >= len(plots) - columns:
            write(axes.set_xlabel, "step")
        for name, (steps, values) in lines.items():
            colour = rgb(class_colour(names.index(name)))
            trace = line(name, steps, values).thinned(_MOST_POINTS)
            marker = "o" if len(trace.x) <= _FEW else None
            (drawn[name],) = axes.plot(
                trace.x, trace.y, color=colour, linewidth=1.5, marker=marker, markersize=4
            )
        _scale(axes)
    legend = figure.legend(
        [drawn[name] for name in names if name in drawn],
        [readable(name) for name in names if name in drawn],
        loc="outside lower center",
        ncols=min(4, len(names)),
        fontsize=10,
        frameon=False,
    )
    for text in legend.get_texts():
        text.set(fontfamily=families(text.get_text()), parse_math=False, color=INK)
    return encode(figure)


def _scale(axes: Axes) -> None:
    values = np.concatenate([np.asarray(one.get_ydata(), np.float64) for one in axes.lines])
    if len(values) and values.min() > 0 and math.log10(values.max() / values.min()) > _ORDERS:
        axes.set_yscale("log")
