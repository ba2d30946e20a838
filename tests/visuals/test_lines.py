"""Lines go through their points, and break where a point is missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from triptych.visuals import Lines
from triptych.visuals.colours import class_colour


def test_own_is_a_copy_of_every_strip() -> None:
    """Arrays and live tensors, of different lengths."""
    first, second = np.zeros((2, 3)), torch.zeros(4, 3, requires_grad=True)
    lines = Lines([first, second], radii=np.ones(2))
    owned = lines.own()
    first[:] = 9
    with torch.no_grad():
        second += 9
    assert [strip.shape for strip in owned.strips] == [(2, 3), (4, 3)]
    assert not any(strip.any() for strip in owned.strips)
    assert (owned.dimensions, owned.nbytes) == (3, 6 * 8 + 12 * 4 + 2 * 8)


def test_one_array_is_many_lines() -> None:
    """Trajectories of a batch, (S, M, 2)."""
    lines = Lines(torch.arange(12).reshape(2, 3, 2)).normalised()
    assert [strip.tolist() for strip in lines.strips] == [
        [[0, 1], [2, 3], [4, 5]],
        [[6, 7], [8, 9], [10, 11]],
    ]


def test_a_line_breaks_where_a_point_is_missing() -> None:
    """Each part keeps colour and radius, the first the name; a single point is no line."""
    nan = np.nan
    broken = [[0, 0], [1, 1], [nan, 2], [3, 3], [4, nan], [5, 5], [6, 6], [7, 7]]
    lines = Lines(
        [broken, [[8, 8], [9, 9]]],
        colours=[[1, 1, 1], [2, 2, 2]],
        labels=["a", "b"],
        radii=[0.1, 0.2],
    ).normalised()
    assert [strip.tolist() for strip in lines.strips] == [
        [[0, 0], [1, 1]],
        [[5, 5], [6, 6], [7, 7]],
        [[8, 8], [9, 9]],
    ]
    assert lines.labels == ("a", "", "b")
    assert lines.colours[:, 0].tolist() == [1, 1, 2]
    assert lines.radii == pytest.approx([0.1, 0.1, 0.2])


def test_the_parts_of_a_line_share_its_colour() -> None:
    """Also where nobody chose one: the next line has the next."""
    broken = [[0, 0], [1, 1], [np.nan, 2], [3, 3], [4, 4]]
    drawn = Lines([broken, [[8, 8], [9, 9]]]).normalised()
    assert drawn.colours.tolist() == [list(class_colour(place)) for place in (0, 0, 1)]


def test_no_lines_are_lines() -> None:
    """And so are lines without points."""
    assert Lines([]).normalised().strips == ()
    drawn = Lines([np.zeros((0, 2))], colours=[[0, 0, 0]], labels=["a"]).normalised()
    assert (drawn.strips, drawn.labels) == ((), ())


@pytest.mark.parametrize(
    ("strips", "arguments", "error", "message"),
    [
        (np.zeros((4, 2)), {}, ValueError, r"pass \(S, M, 2\|3\), or \[line\] for one"),
        ([[[0, 0], [1, 1]], [[0, 0, 0], [1, 1, 1]]], {}, ValueError, "log them apart"),
        ([[0, 1]], {}, ValueError, r"a strip of shape \(2,\) cannot be drawn"),
        ([[[0, 0]]], {"labels": ["a", "b"]}, ValueError, "there are 2 labels for 1"),
        ([[[0, 0]]], {"radii": -1}, ValueError, "radii of dtype int64 must lie in 0 to inf"),
    ],
)
def test_what_does_not_fit_is_told(
    strips: Any, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    """Wrong arguments raise at once, where they were written."""
    with pytest.raises(error, match=message):
        Lines(strips, **arguments)
