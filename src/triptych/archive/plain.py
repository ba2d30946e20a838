"""`JSON`, and the way of any value into it: what run.json, W&B and Rerun can all hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import TypeAlias

from triptych.printable import encodable

JSON: TypeAlias = dict[str, "JSON"] | list["JSON"] | str | int | float | bool | None

_DEPTH = 32  # a configuration that contains itself ends here


def plain(value: object, *, depth: int = _DEPTH) -> JSON:
    """Turn a value into one that every JSON reader accepts.

    Mappings, lists and tuples keep their shape; numpy scalars become Python numbers; NaN and
    infinities, which strict JSON has no word for, become "NaN", "Infinity" and "-Infinity".
    Anything else, and what is nested deeper than `depth`, becomes its `str`. Letters that no file
    can hold, lone surrogates, are written out.

    Returns:
        A new value that shares no container with the argument.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return _finite(float(value))
    if depth and isinstance(value, Mapping):
        pairs = value.items()
        return {encodable(str(key)): plain(item, depth=depth - 1) for key, item in pairs}
    if depth and isinstance(value, list | tuple):
        return [plain(item, depth=depth - 1) for item in value]
    return encodable(str(value))


def _finite(number: float) -> float | str:
    if math.isfinite(number):
        return number
    if math.isnan(number):
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"
