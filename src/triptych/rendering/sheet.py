"""A grid of pictures as one, with the captions below them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from triptych.rendering.fonts import length, write
from triptych.rendering.marks import marked
from triptych.visuals import Grid

_WIDEST = 2400  # pixels of the whole, where the pictures are not smaller anyway
_READABLE = 128  # pixels that a caption needs; smaller pictures are enlarged
_GAP = 8
_LETTERS = 12
_LINE = 17
_MOST_LINES = 3
_PAPER, _INK = (24, 24, 24), (225, 225, 225)


def sheet(grid: Grid) -> npt.NDArray[np.uint8]:
    """Compose the pictures row by row.

    Pictures keep their shape, and their pixels stay squares: small ones are enlarged by a whole
    number, large ones made smaller so that the sheet is no wider than 2400 pixels.

    Returns:
        uint8 (H, W, 3).
    """
    from PIL import Image as Pictures
    from PIL import ImageDraw

    count = len(grid.images)
    columns = min(count, grid.columns or math.ceil(math.sqrt(count)))
    rows = math.ceil(count / columns)
    width, height = (max(sides) for sides in zip(*(one.size for one in grid.images), strict=True))
    scale = max(1, min(math.ceil(_READABLE / width), _WIDEST // height))
    most = max(_READABLE, (_WIDEST - _GAP) // columns - _GAP)
    shrink = min(1.0, most / (width * scale), _WIDEST / (height * scale))
    width = max(_READABLE, round(width * scale * shrink))
    height = max(1, round(height * scale * shrink))
    captions = [_lines(image.caption, width) for image in grid.images]
    words = max(map(len, captions)) * _LINE
    across, down = width + _GAP, height + words + _GAP
    whole = Pictures.new("RGB", (columns * across + _GAP, rows * down + _GAP), _PAPER)
    draw = ImageDraw.Draw(whole)
    for place, (image, lines) in enumerate(zip(grid.pictures(), captions, strict=True)):
        left = _GAP + place % columns * across
        top = _GAP + place // columns * down
        picture = marked(image, scale)
        picture.thumbnail((width, height))
        whole.paste(picture, (left + (width - picture.width) // 2, top))
        for number, line in enumerate(lines):
            write(draw, left, top + height + number * _LINE, line, _LETTERS, _INK)
    return np.asarray(whole)


def _lines(caption: str | None, width: int) -> list[str]:
    """The caption in at most three lines that are no wider; what does not fit ends in "…"."""
    lines: list[str] = []
    for word in (caption or "").split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and length(longer, _LETTERS) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], " ".join(lines[_MOST_LINES - 1 :])]
    return [_cut(line, width) for line in lines]


def _cut(line: str, width: int) -> str:
    if length(line, _LETTERS) <= width:
        return line
    line = line[: width // 2]  # no letters are as narrow: a long text is not measured in full
    while line and length(f"{line}…", _LETTERS) > width:
        line = line[:-1]
    return f"{line}…"
