"""Configuration and provenance as Rerun keeps them: typed properties of the recording."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def properties(values: Mapping[str, Any]) -> Any:
    """The values as the components of one property: `model.width` for a nested one.

    Numbers and booleans become float64 and all else text, lists as JSON: a property's type is fixed
    the first time that a catalog sees it, in all its runs.

    Returns:
        `rerun.AnyValues`, or None where there are no values.
    """
    import pyarrow as pa
    import rerun as rr

    flat = flatten(values)
    if not flat:
        return None
    found = rr.AnyValues()
    for key, value in flat:
        # One by one: as keyword arguments, a key such as "self" would be taken for another thing.
        typed = [float(value)] if isinstance(value, int | float) else [str(value)]
        found.with_component_from_data(key or "(unnamed)", pa.array(typed))
    return found


def flatten(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Names joined by dots, and their values; lists as JSON text."""
    found: list[tuple[str, Any]] = []
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            found += flatten(value, f"{name}.")
        elif isinstance(value, list | tuple):
            found.append((name, json.dumps(value, default=str)))
        else:
            found.append((name, value))
    return found
