"""How often: `Every`, `Limit` and `Route`."""

from __future__ import annotations

import math
from typing import Any

import pytest

from triptych.pipeline.cadence import Every, Limit, Route
from triptych.pipeline.records import Stamp
from triptych.sinks.memory import MemorySink


def _stamp(step: int = 0, *, epoch: int | None = 0, phase: str = "train", at: float = 0) -> Stamp:
    return Stamp(step, epoch, phase, 1_700_000_000 + at)


def test_every_steps_takes_the_first_and_then_keeps_its_distance() -> None:
    """Counted in updates, from the last one that was due."""
    gate = Every(steps=10).gate()
    due = [step for step in range(1, 35) if gate.due("picture", _stamp(step))]
    assert due == [1, 11, 21, 31]


def test_every_seconds_keeps_its_distance_on_the_wall_clock() -> None:
    """However many steps that are."""
    gate = Every(seconds=2).gate()
    moments = [0, 0.5, 1.9, 2.0, 2.1, 5.0, 6.9, 7.0]
    assert [at for at in moments if gate.due("a", _stamp(at=at))] == [0, 2.0, 5.0, 7.0]


def test_every_looks_at_each_path_alone() -> None:
    """A picture that comes often does not displace one that comes rarely."""
    gate = Every(steps=10).gate()
    assert [gate.due(path, _stamp(1)) for path in ("a", "b", "a")] == [True, True, False]


def test_clock_that_is_set_back_silences_nothing() -> None:
    """Neither a wall clock that was wrong nor a step that was restored."""
    gate = Every(steps=10).gate()
    assert [gate.due("a", _stamp(step)) for step in (500, 20, 25, 30)] == [True, True, False, True]


def test_limit_takes_the_first_ones_of_each_path_and_epoch() -> None:
    """And again in the next epoch."""
    gate = Limit(per_epoch=2).gate()
    taken = [
        (epoch, path, number)
        for epoch in (0, 1)
        for number in range(4)
        for path in ("a", "b")
        if gate.due(path, _stamp(epoch=epoch))
    ]
    assert taken == [
        (epoch, path, number) for epoch in (0, 1) for number in (0, 1) for path in ("a", "b")
    ]


def test_gates_of_two_routes_do_not_know_each_other() -> None:
    """One cadence may serve several routes."""
    cadence = Limit(per_epoch=1)
    first, second = cadence.gate(), cadence.gate()
    assert [gate.due("a", _stamp()) for gate in (first, second, first)] == [True, True, False]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "one distance"),
        ({"steps": 1, "seconds": 1}, "one distance"),
        ({"steps": 0}, "must be positive, not 0"),
        ({"seconds": -0.5}, "must be positive, not -0.5"),
        ({"seconds": math.nan}, "must be positive, not nan"),
        ({"seconds": 2, "grows_to": 1}, "of 2 s cannot grow to 1 s"),
        ({"steps": 2, "grows_to": 4}, "Only windows in seconds grow"),
        ({"seconds": 2, "grows_to": 4, "keep": "first"}, "Only windows in seconds grow"),
        ({"steps": 1, "keep": "max"}, '"mean", "last" or "first", not \'max\''),
    ],
)
def test_every_refuses_what_is_no_distance(wrong: dict[str, Any], message: str) -> None:
    """At once, not at the first picture."""
    with pytest.raises(ValueError, match=message):
        Every(**wrong)


def test_limit_refuses_zero() -> None:
    """`visuals=False` says that."""
    with pytest.raises(ValueError, match=r"must be at least 1, not 0"):
        Limit(per_epoch=0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"sink": "rerun"}, "open, write, flush and close, not to str"),
        ({"sink": MemorySink(), "numbers": Limit(8)}, "None, False or Every, not Limit"),
        ({"sink": MemorySink(), "numbers": True}, "None, False or Every, not True"),
        ({"sink": MemorySink(), "visuals": 8}, "None, False or a cadence: 8"),
    ],
)
def test_route_refuses_what_it_cannot_follow(wrong: dict[str, Any], message: str) -> None:
    """The message says what stands where."""
    with pytest.raises(TypeError, match=message):
        Route(**wrong)
