"""Pictures of other packages are taken as they are."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest
import torch
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure
from PIL import Image as PILImage

from triptych.visuals import Histogram, Image, Table, Text, adopt


@pytest.mark.parametrize(
    "visual",
    [Image(np.zeros((2, 2))), Text("a"), Histogram([1]), Table(["a"], [])],
    ids=lambda visual: type(visual).__name__,
)
def test_visuals_pass(visual: object) -> None:
    """What is a visual already is returned itself."""
    assert adopt(visual) is visual


def test_a_pil_image_becomes_an_image() -> None:
    """PIL images need no wrapping."""
    image = adopt(PILImage.new("L", (3, 1), 7))
    assert isinstance(image, Image)
    assert image.to_uint8().tolist() == [[7, 7, 7]]


@pytest.mark.parametrize("canvas", [None, FigureCanvasPdf], ids=["plain", "pdf"])
def test_a_figure_is_drawn_at_once(canvas: type | None) -> None:
    """A figure is drawn as it is now, with or without a canvas of pixels, and left as it was."""
    figure = Figure(figsize=(2, 1), dpi=50, facecolor="red")
    if canvas is not None:
        canvas(figure)
    before = figure.canvas
    image = adopt(figure)
    figure.set_facecolor("blue")
    assert isinstance(image, Image)
    assert image.size == (100, 50)
    assert np.unique(image.to_uint8().reshape(-1, 4), axis=0).tolist() == [[255, 0, 0, 255]]
    assert figure.canvas is before


def test_a_pyplot_figure_is_drawn_on_its_own_canvas() -> None:
    """The usual figure, as pyplot makes it, shows what was plotted."""
    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(2, 1), dpi=50)
    try:
        axes.set_position((0, 0, 1, 1))
        axes.set_facecolor("lime")
        axes.set_axis_on()
        axes.set(xticks=[], yticks=[])
        image = adopt(figure)
    finally:
        plt.close(figure)
    assert isinstance(image, Image)
    assert image.to_uint8()[25, 50].tolist() == [0, 255, 0, 255]


@pytest.mark.parametrize(
    "value",
    [3, None, "text", {"a": 1}, np.zeros((2, 2)), torch.zeros(2), torch.eye(2).to_sparse(), Image],
    ids=["int", "None", "str", "dict", "numpy", "torch", "sparse", "class"],
)
def test_anything_else_is_nothing(value: object) -> None:
    """Arrays and tensors are no pictures unless their owner says so."""
    assert adopt(value) is None
