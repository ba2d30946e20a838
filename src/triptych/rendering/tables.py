"""A table with pictures in its cells, as one picture."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np

from triptych.rendering.fonts import length, write
from triptych.rendering.marks import marked
from triptych.visuals import Encoded, Image, Table
from triptych.visuals.encoding import encode
from triptych.visuals.table import Cell, cell_text

_MOST_ROWS = 30
_SIDE = 96  # pixels of a picture in a cell
_SIZE = 15  # of the letters
_LINE = 20
_PADDING = 8
_LETTERS = 36  # of a line in a cell
_MOST_LINES = 5
_PAPER, _INK, _RULE, _HEAD = (255, 255, 255), (20, 20, 20), (210, 210, 210), (240, 240, 240)


def draw_table(table: Table) -> Encoded:
    """The first 30 rows, in columns as wide as they need; a last line tells how many are missing.

    Pictures are 96 pixels on their longer side, with their caption below.
    """
    from PIL import Image as Pictures
    from PIL import ImageDraw

    rows = [[_Block(name) for name in table.columns]]
    rows += [[_Block(cell) for cell in row] for row in table.rows[:_MOST_ROWS]]
    widths = [max(block.width for block in column) for column in zip(*rows, strict=True)]
    heights = [max(block.height for block in row) for row in rows]
    missing = len(table.rows) - _MOST_ROWS
    told = f"and {missing} more {'row' if missing == 1 else 'rows'}" if missing > 0 else ""
    wide, below = max(sum(widths), 160), _LINE + 2 * _PADDING if told else 1
    picture = Pictures.new("RGB", (wide, sum(heights) + below), _PAPER)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, wide, heights[0]), fill=_HEAD)
    top = 0
    for row, height in zip(rows, heights, strict=True):
        left = 0
        for block, width in zip(row, widths, strict=True):
            block.draw(picture, draw, left + _PADDING, top + _PADDING)
            left += width
        top += height
        draw.line((0, top, wide, top), fill=_RULE)
    if told:
        write(draw, _PADDING, top + _PADDING, told, _SIZE, _INK)
    return encode(np.asarray(picture))


class _Block:
    """What is drawn in a cell: a picture, lines of words, or one above the other."""

    def __init__(self, cell: Cell) -> None:
        self._picture: Any = None
        text = cell_text(cell)
        if isinstance(cell, Image):
            self._picture, text = _thumbnail(cell), cell.caption or ""
        self._lines = _wrapped(text)
        sides = self._picture.size if self._picture else (0, 0)
        longest = max((length(line, _SIZE) for line in self._lines), default=0)
        self.width = 2 * _PADDING + max(sides[0], round(longest))
        self.height = (
            2 * _PADDING + sides[1] + max(_LINE * len(self._lines), 0 if sides[1] else _LINE)
        )

    def draw(self, picture: Any, draw: Any, left: int, top: int) -> None:
        if self._picture:
            picture.paste(self._picture, (left, top))
            top += self._picture.height
        for line in self._lines:
            write(draw, left, top, line, _SIZE, _INK)
            top += _LINE


def _thumbnail(image: Image) -> Any:
    picture = marked(image, max(1, _SIDE // max(image.size)))
    picture.thumbnail((_SIDE, _SIDE))
    return picture


def _wrapped(text: str) -> list[str]:
    clean = "\n".join(text.splitlines())
    lines = [part for line in clean.split("\n") for part in textwrap.wrap(line, _LETTERS) or [""]]
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], f"{lines[_MOST_LINES - 1][: _LETTERS - 1]}…"]
    return lines if text else []
