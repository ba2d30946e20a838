"""`Batch`: numbers in columns and everything else in records, as a sink gets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from triptych.pipeline.records.stamp import Stamp
from triptych.pipeline.records.values import (
    Artifact,
    Config,
    Event,
    Failure,
    Foreign,
    Upload,
    Words,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from triptych.visuals import Visual


_KEPT = (Words, Event, Artifact, Upload, Config, Failure)


@dataclass(frozen=True, slots=True)
class Record:
    """One value that is not a number, at one path and one stamp."""

    path: str
    stamp: Stamp
    value: Visual | Words | Event | Artifact | Upload | Config | Failure | Foreign

    @property
    def sheddable(self) -> bool:
        """Whether it may be dropped under load: pictures may, words and errors may not."""
        return not isinstance(self.value, _KEPT)


@dataclass(frozen=True, slots=True)
class Columns:
    """Numbers that were logged together, row by row.

    Attributes:
        paths: P names.
        steps: (N,) int64.
        epochs: (N,) int64; -1 where there was no epoch.
        times: (N,) float64, seconds since 1970.
        values: (N, P) float64; NaN and infinities as they were logged.
        phases: N phases.
        logged: How many logged rows these N stand for: more than N where a window became a row.
    """

    paths: tuple[str, ...]
    steps: npt.NDArray[np.int64]
    epochs: npt.NDArray[np.int64]
    times: npt.NDArray[np.float64]
    values: npt.NDArray[np.float64]
    phases: tuple[str, ...]
    logged: int

    def __len__(self) -> int:
        return len(self.steps)

    def rows(self, start: int, stop: int) -> Columns:
        """The rows [start, stop) of columns that stand for themselves, as views."""
        cut = slice(start, stop)
        return Columns(
            self.paths,
            self.steps[cut],
            self.epochs[cut],
            self.times[cut],
            self.values[cut],
            self.phases[cut],
            stop - start,
        )


def joined(parts: Sequence[Columns]) -> Columns:
    """Columns of the same paths, one after the other."""
    if len(parts) == 1:
        return parts[0]
    import numpy as np

    arrays = ("steps", "epochs", "times", "values")
    together = {name: np.concatenate([getattr(part, name) for part in parts]) for name in arrays}
    return Columns(
        parts[0].paths,
        **together,
        phases=tuple(phase for part in parts for phase in part.phases),
        logged=sum(part.logged for part in parts),
    )


@dataclass(frozen=True, slots=True)
class Batch:
    """What a sink is asked to write at once; either part may be empty."""

    columns: tuple[Columns, ...] = ()
    records: tuple[Record, ...] = ()

    @property
    def size(self) -> int:
        """How many logged values it stands for."""
        numbers = sum(block.logged * len(block.paths) for block in self.columns)
        return numbers + len(self.records)
