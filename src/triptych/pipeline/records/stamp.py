"""`Stamp`: when something was logged."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stamp:
    """When something was logged, taken on the thread that logged it.

    Attributes:
        step: Optimizer updates begun so far: 0 before the first, k while update k is made and
            until update k+1 begins.
        epoch: Zero-based pass over the data; None outside epochs.
        phase: What the loop was doing, such as "train" or "val".
        time: Wall clock, seconds since 1970.
        rank: Global rank of the process.
    """

    step: int
    epoch: int | None
    phase: str
    time: float
    rank: int = 0
