"""A text as a picture in which the colour of each token is its number."""

from __future__ import annotations

import io
import math
from itertools import pairwise
from typing import Any

from triptych.rendering.fonts import length, write
from triptych.visuals import Encoded, Tokens
from triptych.visuals.colours import Colour

_WIDTH = 800  # pixels
_SIZE = 16  # of the letters
_LINE = 26
_MARGIN = 12
_LOW, _HIGH, _UNKNOWN = (225, 240, 228), (229, 72, 77), (235, 235, 235)
_INK, _FAINT = (20, 20, 20), (110, 110, 110)
_LEGEND = 120  # pixels of the scale


def token_colour(share: float | None) -> Colour:
    """From green at 0 to red at 1; grey for None."""
    if share is None:
        return _UNKNOWN
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(_LOW, _HIGH, strict=True))
    return red, green, blue


def draw_tokens(tokens: Tokens) -> Encoded:
    """The tokens in lines of 800 pixels, and below them the scale of the colours."""
    from PIL import Image, ImageDraw

    places, bottom = _layout(tokens)
    picture = Image.new("RGB", (_WIDTH, bottom + 2 * _LINE), (255, 255, 255))
    draw = ImageDraw.Draw(picture)
    for left, top, width, text, share in places:
        draw.rectangle((left, top, left + width, top + _LINE - 4), fill=token_colour(share))
        write(draw, left, top, text, _SIZE, _INK)
    _draw_scale(draw, bottom + _LINE // 2, tokens)
    file = io.BytesIO()
    picture.quantize(256).save(file, "PNG")
    return Encoded(file.getvalue(), "image/png", *picture.size)


def _layout(tokens: Tokens) -> tuple[list[tuple[int, int, int, str, float | None]], int]:
    """Left, top, width, text and share of each token, and where they end."""
    places = []
    left, top = _MARGIN, _MARGIN
    for word, share in zip(tokens.words, tokens.shares(), strict=True):
        text = "".join(letter if letter.isprintable() else " " for letter in word) or " "
        for part in _parts(text):
            width = max(4, round(length(part, _SIZE)))
            if left + width > _WIDTH - _MARGIN and left > _MARGIN:
                left, top = _MARGIN, top + _LINE
            places.append((left, top, width, part, share))
            left += width
        left += 1
        if word.endswith("\n"):
            left, top = _MARGIN, top + _LINE
    return places, top + _LINE


def _parts(text: str) -> list[str]:
    """A token which is wider than a line, cut into what fits."""
    widest = _WIDTH - 2 * _MARGIN
    if length(text, _SIZE) <= widest:
        return [text]
    step = max(1, math.floor(len(text) * widest / length(text, _SIZE) * 0.9))
    cuts = [*range(0, len(text), step), len(text)]
    return [text[a:b] for a, b in pairwise(cuts)]


def _draw_scale(draw: Any, top: int, tokens: Tokens) -> None:
    left = _MARGIN
    low, high = (f"{end:.3g}" for end in tokens.span())
    left = write(draw, left, top, f"{low} ", 13, _FAINT)
    for pixel in range(_LEGEND):
        box = (left + pixel, top + 2, left + pixel, top + 15)
        draw.rectangle(box, fill=token_colour(pixel / (_LEGEND - 1)))
    left = write(draw, left + _LEGEND, top, f" {high}", 13, _FAINT)
    if tokens.unknown.any():
        draw.rectangle((left + 16, top + 2, left + 30, top + 15), fill=_UNKNOWN)
        left = write(draw, left + 30, top, " none", 13, _FAINT)
    if tokens.caption:
        write(draw, left + 24, top, tokens.caption.replace("\n", " "), 13, _INK)
