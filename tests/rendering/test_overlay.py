"""Curves of several runs as a picture."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from triptych.rendering.overlay import draw_overlay
from triptych.visuals import Encoded
from triptych.visuals.colours import class_colour

STEPS = np.arange(1, 101)


def _like(encoded: Encoded, place: int) -> np.ndarray:
    """Which pixels have the colour of a run: pictures are stored with 256 colours."""
    with Image.open(io.BytesIO(encoded.data)) as picture:
        assert picture.size == (encoded.width, encoded.height)
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    found: np.ndarray = (np.abs(pixels - class_colour(place)) < 12).all(axis=-1)
    return found


def test_each_run_has_its_colour_in_every_plot() -> None:
    """Also where it comes alone; the higher curve is above."""
    line = np.linspace(1, 2, 100)
    plots = {"a": {"one": (STEPS, line), "two": (STEPS, line + 3)}, "b": {"two": (STEPS, line)}}
    drawn = draw_overlay(plots, ["one", "two"])
    first, second = _like(drawn, 0), _like(drawn, 1)
    middle, bottom = drawn.width // 2, drawn.height - 100  # the legend is below
    assert first[:bottom, :middle].any()
    assert not first[:bottom, middle:].any()
    assert second[:bottom, middle:].any()
    above, below = (np.argwhere(one[:bottom, :middle])[:, 0].mean() for one in (second, first))
    assert above < below


@pytest.mark.parametrize(
    "values",
    [
        np.full(100, np.nan),
        np.zeros(100),
        np.where(STEPS % 2, np.inf, -1.0),
        10.0 ** (-STEPS / 10),
    ],
    ids=["nothing", "zeros", "infinite", "orders"],
)
def test_any_numbers_can_be_drawn(values: np.ndarray) -> None:
    """And any names."""
    plots = {"val/$x_1$ \u9e1f": {"_run $a": (STEPS, values)}}
    assert draw_overlay(plots, ["_run $a"]).width > 500


def test_orders_of_magnitude_get_a_logarithmic_axis() -> None:
    """A curve that falls by the same factor each step is straight there."""
    values = 10.0 ** (-STEPS / 20)
    drawn = _like(draw_overlay({"loss": {"run": (STEPS, values)}}, ["run"]), 0)
    rows, columns = np.argwhere(drawn[: int(len(drawn) * 0.8)]).T
    assert np.corrcoef(rows, columns)[0, 1] > 0.999
