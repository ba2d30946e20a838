"""Tables hold plain cells, and can be read where there are no tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from triptych.visuals import Image, Table, Visual


def test_cells_become_plain_values() -> None:
    """Numpy scalars and one-element tensors become Python's numbers."""
    table = Table(
        ["a", "b"],
        [["x", np.float32(0.5)], [True, torch.tensor(3)], (None, torch.ones(1, 1))],
    )
    assert table.columns == ("a", "b")
    assert table.rows == (("x", 0.5), (True, 3), (None, 1.0))
    assert [type(row[1]) for row in table.rows] == [float, int, float]


def test_rows_can_be_an_array() -> None:
    """A matrix is a table of numbers."""
    assert Table(["a", "b"], np.eye(2, dtype=int)).rows == ((1, 0), (0, 1))


def test_own_copies_pictures() -> None:
    """The picture in a cell does not change after the call."""
    pixels = np.zeros((1, 2), dtype=np.uint8)
    table = Table(["picture", "label"], [[Image(pixels), "seven"]])
    owned = table.own()
    pixels[:] = 9
    picture, label = owned.rows[0]
    assert isinstance(owned, Visual)
    assert isinstance(picture, Image)
    assert (picture.to_uint8().tolist(), label) == ([[0, 0]], "seven")
    assert owned.nbytes == 2 + 5


def test_a_table_shares_nothing_with_its_rows() -> None:
    """Rows appended by the caller later are not in the table."""
    rows = [[1]]
    table = Table(["a"], rows)
    rows[0][0] = 2
    rows.append([3])
    assert table.rows == ((1,),)


@pytest.mark.parametrize(
    ("columns", "rows", "error", "message"),
    [
        ("ab", [], TypeError, "columns must be a sequence of strings, not 'ab'"),
        ([1], [], TypeError, r"columns must be a sequence of strings, not \[1\]"),
        ([], [], ValueError, "columns must be names"),
        (["a", "a"], [], ValueError, "each once"),
        (["a", "b"], [[1, 2], [1]], ValueError, "row 1 has 1 cells for 2 columns"),
        (["a"], ["x"], TypeError, "row 0 is 'x': pass a sequence of cells"),
        (["a"], [[1], [{}]], TypeError, "the cell in row 1, column 'a' is a dict: pass"),
        (["a"], [[torch.zeros(2)]], TypeError, "row 0, column 'a' is a Tensor"),
    ],
)
def test_tables_that_do_not_fit_are_told(
    columns: Any, rows: Any, error: type[Exception], message: str
) -> None:
    """The message names row and column."""
    with pytest.raises(error, match=message):
        Table(columns, rows)


def test_a_frame_becomes_a_table() -> None:
    """Columns keep their types, missing values become None."""
    frame = pd.DataFrame(
        {"n": [1, 2], "x": [0.5, np.nan], "s": ["a", None], 3: [True, False]}, index=[7, 8]
    )
    table = Table.from_frame(frame)
    assert table.columns == ("n", "x", "s", "3")
    assert table.rows == ((1, 0.5, "a", True), (2, None, None, False))


def test_a_frame_with_other_cells_is_told() -> None:
    """Timestamps are refused by row and column."""
    frame = pd.DataFrame({"t": pd.to_datetime(["2024-01-01"])})
    with pytest.raises(TypeError, match="row 0, column 't' is a Timestamp"):
        Table.from_frame(frame)


def test_markdown_shows_every_kind_of_cell() -> None:
    """Markup is escaped, newlines stay in their cell, pictures are named."""
    table = Table(
        ["a|b", "value"],
        [
            ["x|y\nz", 1 / 3],
            [None, True],
            ["*b* <i>", float("nan")],
            ["count_words _x_", 1],
            [Image(np.zeros((2, 3)), caption="c"), Image(np.zeros((2, 3)))],
        ],
    )
    assert table.to_markdown().split("\n") == [
        r"| a\|b | value |",
        "| --- | --- |",
        r"| x\|y ↵ z | 0.333333 |",
        "|  | True |",
        r"| \*b\* \<i> | nan |",
        r"| count_words \_x\_ | 1 |",
        r"| \[3 x 2 picture\] c | \[3 x 2 picture\] |",
    ]


def test_markdown_cuts_what_would_push_other_columns_out_of_sight() -> None:
    """Short columns keep all of theirs, long ones share the rest of 110 letters."""
    row = Table(["n", "one", "two"], [[12345, "a" * 500, "b" * 30]]).to_markdown().split("\n")[2]
    assert row == f"| 12345 | {'a' * 51}… | {'b' * 30} |"


def test_markdown_tells_what_it_leaves_out() -> None:
    """A long table is cut, and says so."""
    table = Table(["n"], [[n] for n in range(5)])
    assert table.to_markdown(max_rows=3).split("\n") == [
        "| n |",
        "| --- |",
        "| 0 |",
        "| 1 |",
        "| 2 |",
        "",
        "and 2 more rows",
    ]
    assert table.to_markdown(max_rows=4).endswith("\n\nand 1 more row")
    assert table.to_markdown(max_rows=5).endswith("| 4 |")
