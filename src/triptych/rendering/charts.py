"""Charts as pictures: lines, bars, a confusion matrix. All are drawn on a worker."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from triptych.rendering.figures import INK, encode, new_axes, new_figure, rgb, write
from triptych.rendering.fonts import families, readable
from triptych.visuals import Bars, ConfusionMatrix, Curve, Encoded
from triptych.visuals.colours import class_colour
from triptych.visuals.trace import Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_POINTS = 2000  # of a line: more than the picture is wide
_MOST_NAMES = 50  # of classes, beside a matrix
_MOST_NUMBERS = 20  # of classes, in whose cells a number can be read
_FEW_LINES = 8  # that a legend within the chart can name
_NAMES_IN_COLUMN = 24
_LONGEST = 24  # letters of a name
_BAR = class_colour(0)


def draw_curve(curve: Curve) -> Encoded:
    """Lines with axes and, if there is more to say than their place, a legend."""
    traces = curve.traces()
    columns = math.ceil(len(traces) / _NAMES_IN_COLUMN) if len(traces) > _FEW_LINES else 0
    figure = new_figure((4.8 if curve.unit else 6) + 1.6 * columns, 4.5)
    axes = new_axes(figure)
    if curve.diagonal:
        axes.axline((0, 0), slope=1, color="#999999", linewidth=1, linestyle="--")
    for place, trace in enumerate(traces):
        few = len(trace.x) <= 30  # noqa: PLR2004 - points that can be told apart
        shown = trace.thinned(_MOST_POINTS)
        axes.plot(
            shown.x,
            shown.y,
            color=rgb(class_colour(place)),
            linewidth=2,
            marker="o" if few else None,
            markersize=4,
        )
    if curve.unit:
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.02), aspect="equal")
    write(axes.set_xlabel, curve.x_label)
    write(axes.set_ylabel, curve.y_label)
    write(axes.set_title, curve.title, fontweight="bold")
    _add_legend(axes, traces, columns)
    return encode(figure)


def draw_bars(bars: Bars) -> Encoded:
    """Bars that lie, so that their names can be read, with their numbers at the end."""
    heights = bars.heights()
    names = bars.labels or tuple(map(str, range(len(heights))))
    figure = new_figure(6, float(np.clip(0.6 + 0.28 * len(names), 1.6, 40)))
    axes = new_axes(figure)
    places = np.arange(len(names))
    finite = np.where(np.isfinite(heights), heights, 0.0)
    axes.barh(places, finite, color=rgb(_BAR), height=0.7)
    axes.axvline(0, color=INK, linewidth=1)
    for place, height in enumerate(heights.tolist()):
        end = finite[place]
        axes.annotate(
            f"{height:.4g}",
            (end, place),
            xytext=(4 if end >= 0 else -4, 0),
            textcoords="offset points",
            ha="left" if end >= 0 else "right",
            va="center",
            fontsize=9,
            color=INK,
        )
    axes.margins(x=0.12)
    axes.set_ylim(len(names) - 0.4, -0.6)  # the first on top
    _name_ticks(axes, "y", places, list(names))
    axes.grid(visible=False, axis="y")
    write(axes.set_title, bars.title, fontweight="bold")
    return encode(figure)


def draw_confusion(confusion: ConfusionMatrix) -> Encoded:
    """A row for each target, a column for each prediction, coloured by their share of the row."""
    counts = confusion.counts()
    count = len(counts)
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    side = float(np.clip(2.4 + 0.36 * count, 3.6, 8))
    figure = new_figure(side + 1.2, side)
    axes = new_axes(figure)
    drawn = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
    if count <= _MOST_NUMBERS:
        _number_cells(axes, counts, shares)
    if count <= _MOST_NAMES:
        names = confusion.names(count)
        _name_ticks(axes, "x", np.arange(count), names)
        _name_ticks(axes, "y", np.arange(count), names)
    axes.grid(visible=False)
    write(axes.set_xlabel, "predicted")
    write(axes.set_ylabel, "target")
    write(axes.set_title, _accuracy(counts), fontsize=10)
    bar = figure.colorbar(drawn, ax=axes, aspect=30, pad=0.02)
    write(bar.set_label, "share of the row")
    bar.ax.tick_params(colors=INK, length=0)
    bar.outline.set_visible(False)
    return encode(figure)


def _number_cells(axes: Axes, counts: npt.NDArray[Any], shares: npt.NDArray[np.float64]) -> None:
    size = 10 if len(counts) <= 10 else 7  # noqa: PLR2004 - classes
    for row, column in np.argwhere(counts > 0).tolist():
        dark = shares[row, column] > 0.5  # noqa: PLR2004 - half of "Blues"
        axes.text(
            column,
            row,
            _compact(counts[row, column]),
            ha="center",
            va="center",
            fontsize=size,
            color="white" if dark else INK,
        )


def _accuracy(counts: npt.NDArray[Any]) -> str:
    right, total = np.trace(counts), counts.sum()
    if not total:
        return "nothing counted"
    share = math.floor(1000 * right / total) / 10  # what is nearly all is not 100 %
    return f"{right:,.10g} of {total:,.10g} right, {share:.1f} %"


def _compact(number: float) -> str:
    """At most five letters, so that it fits into a cell."""
    for unit, name, least in ((1e9, "G", 1e9), (1e6, "M", 1e6), (1e3, "k", 1e4)):
        if number >= least:
            return f"{number / unit:.3g}{name}"
    return f"{number:.4g}"


def _name_ticks(axes: Axes, axis: str, places: npt.NDArray[Any], names: list[str]) -> None:
    short = [readable(_shortened(name)) for name in names]
    steep = axis == "x" and max(map(len, short)) > 3  # noqa: PLR2004 - letters side by side
    turned: dict[str, Any] = (
        {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if steep else {}
    )
    set_ticks = axes.set_xticks if axis == "x" else axes.set_yticks
    size = 9 if len(names) <= _MOST_NUMBERS else 7
    style: dict[str, Any] = {"fontfamily": families(*short), "fontsize": size, "parse_math": False}
    set_ticks(places, short, **style, **turned)


def _add_legend(axes: Axes, traces: list[Trace], columns: int) -> None:
    """In the chart; beside it, in that many columns, where it would hide the lines."""
    said = ["  ".join(filter(None, (_shortened(one.name), one.note))) for one in traces]
    if not any(said):
        return
    lines = [line for line in axes.lines if line.get_linestyle() != "--"]
    owner, place, size = (
        (axes.figure, {"loc": "outside right upper", "ncols": columns}, 7)
        if columns
        else (axes, {"loc": "best"}, 9)
    )
    labels = [readable(words) or "line" for words in said]
    legend = owner.legend(lines, labels, fontsize=size, framealpha=0.8, **place)
    for text, words in zip(legend.get_texts(), said, strict=True):
        text.set(fontfamily=families(words), parse_math=False, color=INK)


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
