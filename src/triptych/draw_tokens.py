"""A picture of a text in which colour says how much each token cost."""

from __future__ import annotations

from collections.abc import Sequence

from triptych.visuals import Image

_WIDTH = 800  # pixels
_SIZE = 16  # of the letters
_LINE = 26
_MARGIN = 12
_WORST = 6.0  # nats; from here on the red is full
_CALM, _HOT, _UNKNOWN = (225, 240, 228), (229, 72, 77), (235, 235, 235)


def token_picture(words: Sequence[str], losses: Sequence[float | None]) -> Image:
    """Draw the tokens one after the other, from green (expected) to red (a surprise).

    Drawn on the calling thread: a few milliseconds for 256 tokens.

    Args:
        words: What each token adds to the text, blanks included.
        losses: The negative log of its chance; None where it was not to be learned: grey.
    """
    from PIL import Image as Picture
    from PIL import ImageDraw, ImageFont

    font = ImageFont.load_default(_SIZE)
    places: list[tuple[int, int, int, str, float | None]] = []
    left, top = _MARGIN, _MARGIN
    for word, loss in zip(words, losses, strict=True):
        text = word.replace("\n", " ").replace("\t", " ") or " "
        width = max(4, round(font.getlength(text)))
        if left + width > _WIDTH - _MARGIN and left > _MARGIN:
            left, top = _MARGIN, top + _LINE
        places.append((left, top, width, text, loss))
        left += width + 1
        if word.endswith("\n"):
            left, top = _MARGIN, top + _LINE
    picture = Picture.new("RGB", (_WIDTH, top + _LINE + _MARGIN), (255, 255, 255))
    draw = ImageDraw.Draw(picture)
    for left, top, width, text, loss in places:
        draw.rectangle((left, top, left + width, top + _LINE - 4), fill=_colour(loss))
        draw.text((left, top + 1), text, fill=(20, 20, 20), font=font)
    return Image(picture, caption="green: expected, red: a surprise, grey: not to be learned")


def _colour(loss: float | None) -> tuple[int, int, int]:
    if loss is None:
        return _UNKNOWN
    share = min(loss / _WORST, 1.0) if loss == loss else 1.0  # noqa: PLR0124  # NaN is the worst
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(_CALM, _HOT, strict=True))
    return red, green, blue
