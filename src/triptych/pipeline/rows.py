"""How rows of numbers lie in memory and in the journal: as doubles, with a checksum at the end.

A row is: layout (1 or more, so that zeros are no row), context, step, time, the values, checksum.
The layout says which paths the values belong to, the context which epoch and phase it was.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
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
    first = int(data[0])
    step = widths[first]
    whole = min(len(data) // step, _CHUNK)
    heads = data[: whole * step : step]
    alike = 0
    if heads.count(first) == whole:
        alike = whole
    elif heads[:_WORTH_IT].count(first) == _WORTH_IT:
        alike = int((np.frombuffer(heads) != first).argmax())
    if alike >= _WORTH_IT or alike * step == len(data):
        table = np.frombuffer(data, count=alike * step).reshape(alike, step)
        return [(first, table)], alike * step
    found: defaultdict[int, array[float]] = defaultdict(lambda: array("d"))
    position = rows = 0
    while position < len(data) and rows < _CHUNK and (layout := int(data[position])):
        end = position + widths[layout]
        if end > len(data):
            break
        found[layout] += data[position:end]
        position = end
        rows += 1
    tables = [
        (layout, np.frombuffer(one).reshape(-1, widths[layout])) for layout, one in found.items()
    ]
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

    numbers = table[:, 1].tolist()
    if numbers.count(numbers[0]) == len(numbers):
        places = [contexts[int(numbers[0])]] * len(numbers)
    else:
        places = [contexts[int(number)] for number in numbers]
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
