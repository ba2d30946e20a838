"""Pictures and figures of other packages are taken as they are."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as graphs
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image as PILImage

from triptych import visuals
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


@pytest.mark.parametrize("figure", [Figure(), graphs.Figure()], ids=["matplotlib", "plotly"])
def test_a_figure_becomes_one_of_ours(figure: object) -> None:
    """Of either package; it is drawn later."""
    adopted = adopt(figure)
    assert isinstance(adopted, visuals.Figure)
    assert adopted.source is figure


@pytest.mark.parametrize(
    "value",
    [3, None, "text", {"a": 1}, np.zeros((2, 2)), torch.zeros(2), torch.eye(2).to_sparse(), Image],
    ids=["int", "None", "str", "dict", "numpy", "torch", "sparse", "class"],
)
def test_anything_else_is_nothing(value: object) -> None:
    """Arrays and tensors are no pictures unless their owner says so."""
    assert adopt(value) is None
