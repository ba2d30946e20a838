"""The colour of a token says how much the model was surprised."""

from __future__ import annotations

import math

import numpy as np

from triptych.draw_tokens import token_picture

GREEN, RED, GREY = (225, 240, 228), (229, 72, 77), (235, 235, 235)


def _colours(words: list[str], losses: list[float | None]) -> set[tuple[int, ...]]:
    pixels = token_picture(words, losses).to_uint8()
    found, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)
    return {tuple(map(int, colour)) for colour, n in zip(found, counts, strict=True) if n > 50}


def test_an_expected_token_is_green_a_surprise_is_red_and_one_without_a_loss_grey() -> None:
    """Between them lies what lies between."""
    assert {GREEN, RED, GREY} <= _colours(["the", " cat", " sat"], [0.0, 9.0, None])
    (middle,) = _colours(["cat"], [3.0]) - {(255, 255, 255), (20, 20, 20)}
    assert middle == tuple(round((a + b) / 2) for a, b in zip(GREEN, RED, strict=True))


def test_a_loss_that_is_not_a_number_is_the_worst() -> None:
    """It does not pass for a good one."""
    assert RED in _colours(["nothing"], [math.nan])
    assert RED in _colours(["nothing"], [math.inf])


def test_a_long_text_goes_on_below() -> None:
    """And so it does after a line break."""
    one = token_picture(["word "], [0.1]).size
    many = token_picture(["word "] * 100, [0.1] * 100).size
    broken = token_picture(["a\n", "b"], [0.1, 0.1]).size

    assert one[0] == many[0] == broken[0] == 800
    assert one[1] < broken[1] < many[1]
