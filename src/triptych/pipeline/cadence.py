"""How often a sink wants something: `Every`, `Limit`, and the `Route` that holds them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from triptych.pipeline.records import Stamp
from triptych.pipeline.sink import Sink


@runtime_checkable
class Cadence(Protocol):
    """Says whether a picture is due, before anything is built."""

    def gate(self) -> Gate:
        """A fresh state for one route."""
        ...


class Gate(Protocol):
    """The state of a cadence on one route."""

    def due(self, path: str, stamp: Stamp) -> bool:
        """Whether `path` is wanted now; saying yes counts as having sent it."""
        ...


@dataclass(frozen=True, slots=True)
class Every:
    """At most once in so many steps, or in so many seconds.

    For a picture the rule is per path: the first is due, later ones once the distance has been
    reached. For numbers it is a window: all values of a path in it become one, so that one which
    comes more rarely arrives whole. No window reaches across a change of epoch or phase.

    Args:
        steps: Distance in optimizer updates.
        seconds: Distance in seconds of wall clock.
        keep: For numbers, what stands for a window: its "mean" or its "last" value, which come
            when it is over; or its "first", which comes at once.
        grows_to: For numbers, the seconds that a window is to last in a long run. Each lasts a
            fiftieth of the time since the first, but not less than `seconds` and not more than
            this. None: they do not grow.

    Raises:
        ValueError: If not exactly one distance is given, or it is not positive, or `grows_to` is
            less than `seconds`.
    """

    steps: int | None = None
    seconds: float | None = None
    keep: Literal["mean", "last", "first"] = field(default="mean", kw_only=True)
    grows_to: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.seconds is None):
            raise ValueError("Every takes one distance: Every(steps=50) or Every(seconds=10).")
        if not self.distance > 0:  # NaN is none either
            raise ValueError(f"The distance of Every must be positive, not {self.distance!r}.")
        if self.keep not in ("mean", "last", "first"):
            raise ValueError(f'Every(keep=...) is "mean", "last" or "first", not {self.keep!r}.')
        if self.grows_to is not None:
            if self.seconds is None or self.keep == "first":
                raise ValueError("Only windows in seconds grow, whose mean or last value is kept.")
            if not self.grows_to >= self.seconds:
                raise ValueError(
                    f"Windows of {self.seconds!r} s cannot grow to {self.grows_to!r} s."
                )

    @property
    def distance(self) -> float:
        """The distance in its own unit."""
        return self.steps if self.steps is not None else self.seconds or 0.0

    def position(self, stamp: Stamp) -> float:
        """Where a stamp lies on the axis that the distance is measured on."""
        return stamp.step if self.steps is not None else stamp.time

    def gate(self) -> Gate:
        """A fresh state for one route."""
        return _EveryGate(self)


class _EveryGate:
    def __init__(self, every: Every) -> None:
        self._every = every
        self._last: dict[str, float] = {}

    def due(self, path: str, stamp: Stamp) -> bool:
        here = self._every.position(stamp)
        last = self._last.get(path)
        # A clock that was set back must not silence a path until it has caught up.
        if last is not None and last <= here < last + self._every.distance:
            return False
        self._last[path] = here
        return True


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many pictures per path in an epoch; the first ones come.

    Raises:
        ValueError: If the limit is not positive.
    """

    per_epoch: int

    def __post_init__(self) -> None:
        if self.per_epoch < 1:
            raise ValueError(f"Limit(per_epoch=...) must be at least 1, not {self.per_epoch!r}.")

    def gate(self) -> Gate:
        """A fresh state for one route."""
        return _LimitGate(self.per_epoch)


class _LimitGate:
    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._counts: dict[str, tuple[int | None, int]] = {}

    def due(self, path: str, stamp: Stamp) -> bool:
        epoch, count = self._counts.get(path, (stamp.epoch, 0))
        if epoch != stamp.epoch:
            count = 0
        if count >= self._limit:
            return False
        self._counts[path] = (stamp.epoch, count + 1)
        return True


@dataclass(frozen=True, slots=True)
class Route:
    """A sink, and how often it wants what.

    Args:
        sink: The destination.
        numbers: None for every number, `Every` for windows, False for none.
        visuals: None for every visual, a cadence such as `Limit(per_epoch=8)`, False for none.
    """

    sink: Sink
    numbers: Every | Literal[False] | None = None
    visuals: Cadence | Literal[False] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.sink, Sink):
            raise TypeError(
                f"A Route leads to a sink with open, write, flush and close, "
                f"not to {type(self.sink).__name__}."
            )
        if not (self.numbers is None or self.numbers is False or isinstance(self.numbers, Every)):
            raise TypeError(f"Route(numbers=...) is None, False or Every, not {self.numbers!r}.")
        if not (self.visuals is None or self.visuals is False or isinstance(self.visuals, Cadence)):
            raise TypeError(f"Route(visuals=...) is None, False or a cadence: {self.visuals!r}.")
