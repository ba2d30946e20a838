"""What a visual becomes in Rerun: archetypes, and where below the visual's path they go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Part = tuple[str, Any]
"""A name below the visual's own path ("" for the path itself), and an archetype."""

Parts = Iterator[Part]
