"""How rows of numbers lie in memory and in the journal: as doubles, with a checksum at the end.

A row is: layout (1 or more, so that zeros are no row), context, step, time, the values, checksum.
The layout says which paths the values belong to, the context which epoch and phase it was.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from zlib import crc32

from triptych.pipeline.records import Columns

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_HEADER = 4  # layout, context, step, time
_CHUNK = 8192  # rows gathered at once: about a millisecond with the interpreter lock held
_WORTH_IT = 16  # rows of one layout in a row, from which on they are taken as one table

Context = tuple[int | None, str]
"""Epoch and phase."""


def width(values: int) -> int:
    """Doubles in a row of so many values."""
    return _HEADER + values + 1


def seal(row: tuple[float, ...]) -> array[float]:
    """A row to be written: the checksum takes the place of the 0.0 that it ends with.

    Raises:
        OverflowError: If an int is beyond the range of a float.
    """
    whole = array("d", row)
    whole[-1] = crc32(whole)
    return whole


def gather(
    data: array[float], widths: Mapping[int, int]
) -> tuple[list[tuple[int, npt.NDArray[np.float64]]], int]:
    """Rows gathered by layout, as far as they are whole, and how many doubles they took up.

    Trusts the checksums: for what this process has written itself.

    Returns:
        For each layout a table of shape (rows, width).
    """
    import numpy as np

    if not data or not data[0]:
        return [], 0
    flat = np.frombuffer(data)
    first = int(data[0])
    step = widths[first]
    heads = flat[::step][: min(len(flat) // step, _CHUNK)]
    alike = len(heads) if (heads == first).all() else int((heads != first).argmax())
    if alike >= _WORTH_IT or alike * step == len(flat):
        return [(first, flat[: alike * step].reshape(alike, step))], alike * step
    starts: dict[int, list[int]] = {}
    position = rows = 0
    while position < len(data) and rows < _CHUNK and (layout := int(data[position])):
        end = position + widths[layout]
        if end > len(data):
            break
        starts.setdefault(layout, []).append(position)
        position = end
        rows += 1
    tables = []
    spans = {many: np.arange(many) for many in {widths[layout] for layout in starts}}
    for layout, places in starts.items():
        index = np.array(places)[:, None] + spans[widths[layout]]
        tables.append((layout, flat[index]))
    return tables, position


def sound_rows(data: array[float], widths: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    """Where the rows with a good checksum begin and end: for what a killed process has left.

    What is no row is passed over, double by double.
    """
    position = 0
    while position < len(data):
        end = position + widths.get(_whole(data[position]), 0)
        if position < end <= len(data) and _is_sound(data[position:end]):
            yield position, end
            position = end
        else:
            position += 1


def columns(
    paths: tuple[str, ...],
    table: npt.NDArray[np.float64],
    contexts: Sequence[Context] | Mapping[int, Context],
) -> Columns:
    """A table of rows of one layout, each column in its own type.

    Args:
        paths: Those of the layout.
        table: (rows, width) float64.
        contexts: What the contexts in the rows stand for.
    """
    import numpy as np

    places = [contexts[int(place)] for place in table[:, 1].tolist()]
    return Columns(
        paths,
        table[:, 2].astype(np.int64),
        np.array([-1 if epoch is None else epoch for epoch, _ in places], dtype=np.int64),
        table[:, 3],
        table[:, _HEADER:-1],
        tuple(phase for _, phase in places),
        len(table),
    )


def _whole(number: float) -> int:
    return int(number) if number.is_integer() else 0


def _is_sound(row: array[float]) -> bool:
    told, row[-1] = row[-1], 0.0
    return told == crc32(row)
