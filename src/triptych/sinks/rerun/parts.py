"""What a visual becomes in Rerun: archetypes, and where below the visual's path they go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Played:
    """Something for each of several moments after the visual was logged, on `log_time` alone.

    Attributes:
        after: Nanoseconds, int64 (N,).
        columns: N values of each component, a `rerun.ComponentColumnList`.
    """

    after: npt.NDArray[np.int64]
    columns: Any


@dataclass(frozen=True, slots=True)
class Legend:
    """Names and colours of classes, from now on and for what was logged before.

    Attributes:
        names: By class id.
        colours: By class id, where they are not those of the classes.
        over: Whether they lie over a picture, which the background class then leaves to be seen.
    """

    names: Mapping[int, str]
    colours: Mapping[int, tuple[int, int, int]] = field(default_factory=dict)
    over: bool = False


Part = tuple[str, Any]
"""A name below the visual's path ("" for the path itself); an archetype, `Played` or `Legend`."""

Parts = Iterator[Part]
