"""Counts: what a run has taken in, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from triptych.pipeline.budget import DISK, TIME

NOT_SHOWN = "not shown"
"""The reason of a loss that is none: the sink has no way to show such a value."""

_MEANT = frozenset({NOT_SHOWN, TIME, DISK})


@dataclass(slots=True)
class SinkTotals:
    """What became of everything one sink was given.

    Once `flush` or `close` has said that all arrived, `accepted` equals `delivered` plus `lost`.

    Attributes:
        accepted: Values handed over: each number counts, and each record.
        delivered: Values the sink took in. A window of numbers counts with all its values.
        shed: Lost values by reason and path. Reasons: "full" (the buffer was), "error" (the sink
            raised), "not shown" (it cannot show such a value), "not open" (it never opened),
            "unsent" (the run closed first), "budget" and "disk" (a picture too many for the
            limits of the run).
    """

    accepted: int = 0
    delivered: int = 0
    shed: dict[str, Counter[str]] = field(default_factory=dict)

    def lose(self, reason: str, path: str, count: int = 1) -> None:
        """Count a loss."""
        self.shed.setdefault(reason, Counter())[path] += count

    @property
    def lost(self) -> int:
        """All values shed, whatever the reason."""
        return sum(self.by_reason().values())

    @property
    def missing(self) -> int:
        """All that should have arrived: what was left out on purpose is not among them."""
        return sum(count for why, count in self.by_reason().items() if why not in _MEANT)

    def by_reason(self) -> dict[str, int]:
        """How many values were lost for each reason."""
        # list() copies in one step, while another thread may add a path
        return {why: sum(list(paths.values())) for why, paths in list(self.shed.items())}

    def told(self) -> str:
        """The losses in words: "3 shed (2 full, 1 error)"."""
        if not self.lost:
            return "none shed"
        reasons = [f"{count:,} {reason}" for reason, count in sorted(self.by_reason().items())]
        return f"{self.lost:,} shed ({', '.join(reasons)})"


@dataclass(frozen=True, slots=True)
class Totals:
    """What a run has taken in, and what became of it.

    Attributes:
        rejected: Values that `log` could not take, by path.
        nonfinite: NaN and infinite numbers, by path; they are kept as such.
        after_close: Calls of a closed run.
        sinks: For each sink what was accepted, delivered and shed.
    """

    rejected: Mapping[str, int]
    nonfinite: Mapping[str, int]
    after_close: int
    sinks: Mapping[str, SinkTotals]

    def counts(self) -> dict[tuple[str, ...], int]:
        """All sums, by where they belong: `("rejected",)`, `("wandb", "shed", "full")`."""
        found: dict[tuple[str, ...], int] = {
            ("rejected",): sum(self.rejected.values()),
            ("nonfinite",): sum(self.nonfinite.values()),
        }
        for name, sink in self.sinks.items():
            found[name, "accepted"] = sink.accepted
            found[name, "delivered"] = sink.delivered
            found |= {(name, "shed", why): count for why, count in sink.by_reason().items()}
        return found
