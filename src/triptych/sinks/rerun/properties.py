"""Configuration and provenance as Rerun keeps them: typed properties of the recording."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triptych.nested import flatten


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
