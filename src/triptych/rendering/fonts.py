"""What can be written on a picture: DejaVu Sans, and for the rest what the machine has.

DejaVu Sans comes with matplotlib, and has no Chinese, Japanese, Korean and few emoji. A letter that
no font has becomes a box: it is seen to be missing.
"""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import groupby
from typing import Any

from triptych.visuals.colours import Colour

BASE = "DejaVu Sans"
BOX = "\u25a1"


def pieces(text: str) -> list[tuple[str, str]]:
    """Split a text by the font that has its letters.

    Returns:
        The font's file and what is to be written in it, from left to right.
    """
    found = [_font_of(letter) for letter in text]
    base = _base().fname
    letters = [
        (font.fname if font else base, letter if font else BOX)
        for font, letter in zip(found, text, strict=True)
    ]
    runs = groupby(letters, key=lambda pair: pair[0])
    return [(file, "".join(letter for _, letter in run)) for file, run in runs]


def write(draw: Any, left: int, top: int, text: str, size: int, colour: Colour) -> int:
    """Write one line on a picture, in as many fonts as it takes.

    Args:
        draw: PIL's `ImageDraw`.
        left: Where the text begins, in pixels.
        top: About where its letters begin, in pixels.
        text: Without line breaks.
        size: Of the letters, in pixels.
        colour: Red, green and blue, 0 to 255.

    Returns:
        Where the text ends, in pixels from the left.
    """
    right = float(left)
    for file, piece in pieces(text):
        font = _open(file, size)
        # by the base line, which fonts share, unlike the height of their letters
        draw.text((right, top + size), piece, fill=colour, font=font, anchor="ls")
        right += font.getlength(piece)
    return round(right)


def length(text: str, size: int) -> float:
    """How wide `write` makes a text, in pixels."""
    return float(sum(_open(file, size).getlength(piece) for file, piece in pieces(text)))


def readable(text: str) -> str:
    """The text as matplotlib can write it: no letter that all fonts lack."""
    return "".join(letter if _font_of(letter) else BOX for letter in text)


def families(*texts: str) -> list[str]:
    """The names of the fonts that the texts need, for matplotlib's `fontfamily`."""
    fonts = {_font_of(letter) for text in texts for letter in text} - {None}
    return [BASE, *sorted({font.name for font in fonts if font} - {BASE})]


@cache
def _open(file: str, size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.truetype(file, size)


@lru_cache(maxsize=65536)
def _font_of(letter: str) -> Any:
    """The entry of matplotlib for the first font that has a letter, None if there is none."""
    code = ord(letter)
    return next((entry for entry, font in _fonts() if font.get_char_index(code)), None)


@cache
def _fonts() -> list[tuple[Any, Any]]:
    """All upright fonts of usual weight whose letters are outlines, DejaVu Sans first."""
    from matplotlib.font_manager import fontManager
    from matplotlib.ft2font import FT2Font

    base = _base()
    usual = [
        entry
        for entry in fontManager.ttflist
        if entry.style == "normal" and entry.weight in (400, "normal", "regular", "book")
    ]
    found = []
    for entry in [base, *sorted(usual, key=_usefulness)]:
        try:
            font = FT2Font(entry.fname)
        except (OSError, RuntimeError):
            continue  # listed, and since removed or damaged
        if font.scalable and "Color" not in entry.name:
            found.append((entry, font))
    return found


def _usefulness(entry: Any) -> tuple[bool, str, str]:
    # matplotlib's "Last Resort" has a box for every letter there is, marked by its script
    return entry.name.startswith("Last Resort"), entry.name, entry.fname


@cache
def _base() -> Any:
    from matplotlib.font_manager import FontProperties, findfont, fontManager

    file = findfont(FontProperties(family=BASE))
    return next(entry for entry in fontManager.ttflist if entry.fname == file)
