"""Portions: numbers that wait until they are worth a place in a recording; none is lost."""

from __future__ import annotations

import time

import numpy as np

from tests.support.threads import wait_until
from triptych.pipeline.portions import Portions
from triptych.pipeline.records import Columns


def _columns(paths: tuple[str, ...], *steps: int) -> Columns:
    many = len(steps)
    return Columns(
        paths,
        np.array(steps),
        np.full(many, -1),
        np.arange(many) + 1e9,
        np.array(steps, dtype=float)[:, None].repeat(len(paths), axis=1),
        ("train",) * many,
        many,
    )


def test_what_waits_is_joined_by_paths_in_order() -> None:
    """The first goes at once; what follows waits, and a flush gives all."""
    portions = Portions()
    (first,) = portions.feed([_columns(("a", "b"), 1)], time.time())
    assert (first.steps.tolist(), portions.holds) == ([1], False)

    assert portions.feed([_columns(("a", "b"), 2, 3)], time.time()) == []
    assert portions.feed([_columns(("c",), 3), _columns(("a", "b"), 4)], time.time()) == []
    assert portions.holds
    together, alone = portions.feed([], None)
    assert (together.paths, alone.paths) == (("a", "b"), ("c",))
    assert together.steps.tolist() == [2, 3, 4]
    assert together.values.tolist() == [[2.0, 2.0], [3.0, 3.0], [4.0, 4.0]]
    assert (together.phases, together.logged, alone.logged) == (("train",) * 3, 3, 1)
    assert portions.feed([], None) == []


def test_the_more_curves_the_longer_they_wait() -> None:
    """Twenty a second on average: a few go with the next look, many wait."""
    few, many = Portions(), Portions()
    names = tuple(f"layer-{number}" for number in range(1000))
    for portions, paths in ((few, ("loss",)), (many, names)):
        portions.feed([_columns(paths, 1)], time.time())
        portions.feed([_columns(paths, 2)], time.time())
    wait_until(lambda: few.feed([], time.time()))
    assert many.feed([], time.time()) == []
