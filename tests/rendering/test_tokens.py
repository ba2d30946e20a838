"""The colour of a token says how high its number is."""

from __future__ import annotations

import io
import math

import numpy as np
from PIL import Image

from triptych.rendering.tokens import draw_tokens, token_colour
from triptych.visuals import Tokens

GREEN, RED, GREY, WHITE = (225, 240, 228), (229, 72, 77), (235, 235, 235), (255, 255, 255)


def _pixels(tokens: Tokens) -> np.ndarray:
    encoded = draw_tokens(tokens)
    with Image.open(io.BytesIO(encoded.data)) as picture:
        assert picture.size == (encoded.width, encoded.height)
        return np.asarray(picture.convert("RGB")).astype(int)


def _below(tokens: Tokens) -> list[tuple[int, ...]]:
    """The colours of a first line of wide tokens, from the left, at their lower edge."""
    row = _pixels(tokens)[12 + 21]
    changes = np.flatnonzero((np.diff(row, axis=0) != 0).any(axis=1))
    return [tuple(row[place + 2].tolist()) for place in changes if place + 2 < len(row)]


def test_low_is_green_high_is_red_and_none_grey() -> None:
    """Between them lies what lies between; what is not a number is the worst."""
    seen = Tokens(["wide"] * 5, [0, 6, None, math.nan, 3], range=(0, 6))
    colours = [colour for colour in _below(seen) if colour != WHITE]
    expected = [GREEN, RED, GREY, RED, token_colour(0.5)]
    assert np.abs(np.array(colours) - expected).max() <= 6  # stored with 256 colours
    assert token_colour(0.5) == tuple(round((a + b) / 2) for a, b in zip(GREEN, RED, strict=True))


def test_a_long_text_goes_on_below() -> None:
    """And so it does after a line break; a token wider than the picture is broken."""
    one, many, broken, wide = (
        _pixels(Tokens(words, [0.1] * len(words))).shape
        for words in (["word "], ["word "] * 100, ["a\n", "b"], ["a" * 300])
    )
    assert one[1] == many[1] == broken[1] == wide[1] == 800
    assert one[0] < broken[0] < wide[0] < many[0]


def test_ends_and_caption_are_below() -> None:
    """Another range, or another caption, is another picture."""
    pictures = [
        draw_tokens(Tokens(["a"], [1], (0, 2))),
        draw_tokens(Tokens(["a"], [2], (0, 4))),
        draw_tokens(Tokens(["a"], [1], (0, 2), "said")),
    ]
    assert len({picture.data for picture in pictures}) == 3


def test_any_letter_and_no_token_can_be_drawn() -> None:
    """Other scripts, control characters, parts of letters, a text of nothing."""
    odd = ["\u4e2d\u6587", "\U0001f389", "\x00\x07", "\t", "", "\ufffd", "\u0639"]
    assert (_pixels(Tokens(odd, range(len(odd))))[:34] < 100).any()
    assert _pixels(Tokens([], [])).shape == (90, 800, 3)
