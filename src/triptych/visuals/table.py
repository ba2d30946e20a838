"""Rows and columns: predictions, worst samples, a summary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from triptych.visuals.arrays import is_tensor
from triptych.visuals.image import Image
from triptych.visuals.visual import set_fields

Cell = str | int | float | bool | None | Image


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
            Lines, without a newline at the end. Pictures are named by size and caption.
        """
        lines = [_markdown_row(self.columns), "|" + " --- |" * len(self.columns)]
        lines += [_markdown_row(row) for row in self.rows[:max_rows]]
        missing = len(self.rows) - max_rows
        if missing > 0:
            lines += ["", f"and {missing} more {'row' if missing == 1 else 'rows'}"]
        return "\n".join(lines)


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


def _markdown_row(cells: Sequence[Cell]) -> str:
    return "| " + " | ".join(_markdown_cell(cell) for cell in cells) + " |"


def _markdown_cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Image):
        width, height = cell.size
        cell = f"[{width} x {height} picture]" + (f" {cell.caption}" if cell.caption else "")
    text = f"{cell:.6g}" if isinstance(cell, float) else str(cell)
    return "<br>".join(text.replace("|", r"\|").splitlines())
