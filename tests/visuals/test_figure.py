"""A figure is shown as it was when it was logged, whatever becomes of it afterwards."""

from __future__ import annotations

import json

import matplotlib as mpl
import numpy as np
import plotly.graph_objects as graphs
import pytest
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure as MplFigure

from triptych.visuals import Figure


@pytest.mark.parametrize("canvas", [None, FigureCanvasPdf], ids=["plain", "pdf"])
def test_a_figure_of_matplotlib_is_drawn_when_it_is_owned(canvas: type | None) -> None:
    """As it is then, with or without a canvas of pixels, and left as it was."""
    source = MplFigure(figsize=(2, 1), dpi=50, facecolor="red")
    if canvas is not None:
        canvas(source)
    before = source.canvas
    figure = Figure(source, "red")
    owned = figure.own()
    source.set_facecolor("blue")

    assert owned.picture is not None
    assert (owned.picture.size, owned.picture.caption) == ((100, 50), "red")
    colours = np.unique(owned.picture.to_uint8().reshape(-1, 4), axis=0)
    assert colours.tolist() == [[255, 0, 0, 255]]
    assert source.canvas is before
    assert (figure.picture, owned.source) == (None, None)
    assert figure.nbytes == owned.nbytes == 100 * 50 * 4
    assert owned.own() is owned


def test_a_figure_of_pyplot_shows_what_was_plotted() -> None:
    """The usual figure, on its own canvas."""
    mpl.use("agg")
    from matplotlib import pyplot as plt

    source, axes = plt.subplots(figsize=(2, 1), dpi=50)
    try:
        axes.set_position((0, 0, 1, 1))
        axes.set_facecolor("lime")
        axes.set(xticks=[], yticks=[])
        owned = Figure(source).own()
    finally:
        plt.close(source)

    assert owned.picture is not None
    assert owned.picture.to_uint8()[25, 50].tolist() == [0, 255, 0, 255]


def test_a_figure_of_plotly_is_written_down_when_it_is_owned() -> None:
    """So that it stays interactive, and no later change reaches it."""
    source = graphs.Figure(graphs.Scatter(y=[1, 3, 2]))
    owned = Figure(source).own()
    source.data[0].y = (9, 9, 9)

    assert owned.plotly is not None
    assert json.loads(owned.plotly)["data"][0]["y"] == [1, 3, 2]
    assert owned.nbytes == len(owned.plotly)


@pytest.mark.parametrize("source", [np.zeros((2, 2)), None, MplFigure, "figure"], ids=str)
def test_what_is_no_figure_is_told(source: object) -> None:
    """Its picture would be another visual."""
    with pytest.raises(TypeError, match="must be one of matplotlib or plotly, not"):
        Figure(source)
    with pytest.raises(TypeError, match="caption must be a string"):
        Figure(MplFigure(), 3)  # type: ignore[arg-type]
