"""Rows and columns: predictions, worst samples, a summary."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from triptych.visuals.arrays import is_tensor
from triptych.visuals.image import Image
from triptych.visuals.visual import set_fields

Cell = str | int | float | bool | None | Image

# A row that is wider than a panel is cut off by the viewer, with all columns to its right.
_ROW = 110  # letters
_SHORT = 24
# Underscores within a word, as in "count_words", are no markup.
_MARKUP = re.compile(r"[\\`*\[\]<|~&]|(?<![^\W_])_|_(?![^\W_])")


@dataclass(frozen=True, slots=True, init=False, eq=False)
class Table:
    """A table of numbers, words and pictures.

    Attributes:
        columns: The names, each once.
        rows: One tuple per row, as long as the columns. Numbers are Python's own.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __init__(self, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Check and copy the cells.

        Args:
            columns: At least one name, each once.
            rows: Per row, one cell for each column: a string, bool, number (numpy scalars and
                one-element tensors as well, which waits for their device), None or an `Image`.

        Raises:
            TypeError: A column or cell of another kind; the message names row and column.
            ValueError: No columns, a name twice, or a row of another length.
        """
        if isinstance(columns, str) or not all(isinstance(column, str) for column in columns):
            raise TypeError(f"columns must be a sequence of strings, not {columns!r}.")
        if not columns or len(set(columns)) < len(columns):
            raise ValueError(f"columns must be names, each once, not {columns!r}.")
        table = []
        for index, row in enumerate(rows):
            if isinstance(row, str) or not isinstance(row, (Sequence, np.ndarray)):
                raise TypeError(f"row {index} is {row!r}: pass a sequence of cells.")
            if len(row) != len(columns):
                raise ValueError(
                    f"row {index} has {len(row)} cells for {len(columns)} columns: pass one each."
                )
            cells = zip(columns, row, strict=True)
            table.append(tuple(_read_cell(cell, index, column) for column, cell in cells))
        set_fields(self, columns=tuple(columns), rows=tuple(table))

    @classmethod
    def from_frame(cls, frame: Any) -> Self:
        """Take a pandas DataFrame, without its index; missing values become None.

        Raises:
            TypeError: A cell that a table cannot hold, such as a timestamp.
            ValueError: No columns, or a name twice.
        """
        whole = frame.astype(object).where(frame.notna(), None)
        return cls([str(column) for column in frame.columns], whole.to_numpy())

    @property
    def nbytes(self) -> int:
        """Bytes held by the cells: text as its length, pictures as theirs, other cells as 8."""
        return sum(_cell_nbytes(cell) for row in self.rows for cell in row)

    def own(self) -> Self:
        """Copy the pictures; the other cells were copied when the table was built."""
        owned = type(self).__new__(type(self))
        rows = (tuple(c.own() if isinstance(c, Image) else c for c in row) for row in self.rows)
        set_fields(owned, columns=self.columns, rows=tuple(rows))
        return owned

    def to_markdown(self, max_rows: int = 50) -> str:
        """Write the table as GitHub's markdown, for back ends without tables.

        Args:
            max_rows: How many rows to write; a last line tells how many are missing.

        Returns:
            Lines, without a newline at the end. Pictures are named by size and caption, line breaks
            are shown as "↵", and long cells are cut so that a row has about 110 letters.
        """
        rows = [self.columns, *(map(cell_text, row) for row in self.rows[:max_rows])]
        texts = [[text.replace("\r\n", "\n").replace("\n", " ↵ ") for text in row] for row in rows]
        widths = _widths(texts)
        head, *body = [_markdown_row(row, widths) for row in texts]
        lines = [head, "|" + " --- |" * len(self.columns), *body]
        missing = len(self.rows) - max_rows
        if missing > 0:
            lines += ["", f"and {missing} more {'row' if missing == 1 else 'rows'}"]
        return "\n".join(lines)


def cell_text(cell: Cell) -> str:
    """What a cell says, with all its lines: numbers in six digits, pictures by size and caption."""
    if cell is None:
        return ""
    if isinstance(cell, Image):
        width, height = cell.size
        return f"[{width} x {height} picture]" + (f" {cell.caption}" if cell.caption else "")
    return f"{cell:.6g}" if isinstance(cell, float) else str(cell)


def _read_cell(cell: Any, row: int, column: str) -> Cell:
    if isinstance(cell, np.generic) or (is_tensor(cell) and cell.numel() == 1):
        cell = cell.item()
    if cell is None or isinstance(cell, (str, int, float, Image)):
        return cell
    raise TypeError(
        f"the cell in row {row}, column {column!r} is a {type(cell).__name__}: pass a string, "
        f"number, bool, None or triptych.Image."
    )


def _cell_nbytes(cell: Cell) -> int:
    if isinstance(cell, Image):
        return cell.nbytes
    return len(cell) if isinstance(cell, str) else 8


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """How many letters each column may have: the short what they need, the long share the rest."""
    needed = [max(map(len, column)) for column in zip(*rows, strict=True)]
    short = [width for width in needed if width <= _SHORT]
    share = (_ROW - sum(short)) // max(1, len(needed) - len(short))
    return [width if width <= _SHORT else max(_SHORT, share) for width in needed]


def _markdown_row(texts: Sequence[str], widths: Sequence[int]) -> str:
    cut = [
        text if len(text) <= width else f"{text[: width - 1]}…"
        for text, width in zip(texts, widths, strict=True)
    ]
    return "| " + " | ".join(_MARKUP.sub(r"\\\g<0>", text) for text in cut) + " |"
