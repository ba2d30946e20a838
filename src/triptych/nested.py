"""Nested settings as names and values, in the one form in which all places show them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def flatten(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Names joined by dots, such as "model.width", and their values; lists as JSON text."""
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
