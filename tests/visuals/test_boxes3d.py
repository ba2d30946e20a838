"""Boxes in space stand where they should, turned as they should be."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from triptych.visuals import Boxes3D, Points

HALF = 0.5**0.5


def test_corners_without_rotation_are_centre_and_half_sizes() -> None:
    """In the order that W&B draws edges between."""
    (corners,) = Boxes3D([[1, 2, 3]], [[2, 4, 6]]).corners()
    signs = itertools.product((-1, 1), repeat=3)
    assert corners.tolist() == [[1 + x, 2 + 2 * y, 3 + 3 * z] for x, y, z in signs]


@pytest.mark.parametrize(
    ("quaternion", "turned"),
    [
        ((0, 0, HALF, HALF), (-2, 1, 3)),  # a quarter turn about z: x goes to y, y to -x
        ((0, 0, -HALF, HALF), (2, -1, 3)),
        ((0, 0, 7, 7), (-2, 1, 3)),  # of any length
        ((HALF, 0, 0, HALF), (1, -3, 2)),
        ((0, 1, 0, 0), (-1, 2, -3)),
    ],
)
def test_boxes_turn_about_their_centre(quaternion: Any, turned: tuple[int, ...]) -> None:
    """By the right hand: the corner at (1, 2, 3) from the centre goes where it should."""
    corners = Boxes3D([[10, 0, 0]], [[2, 4, 6]], [quaternion]).corners()[0]
    assert corners[-1] - (10, 0, 0) == pytest.approx(np.array(turned), abs=1e-5)


def test_everything_is_copied_and_named() -> None:
    """Training may go on with its tensors; names come from the classes, scores beside them."""
    centers = torch.zeros(2, 3, requires_grad=True)
    cloud = np.zeros((4, 3))
    boxes = Boxes3D(
        centers,
        torch.ones(2, 3).bfloat16(),
        class_ids=torch.tensor([1, 7]),
        scores=[0.876, 0.5],
        classes={1: "car"},
        points=Points(cloud, class_ids=[0] * 4, classes={0: "ground"}),
    )
    owned = boxes.own()
    cloud[:] = 9
    with torch.no_grad():
        centers += 9
    assert not owned.centers.any()
    assert owned.points is not None
    assert not owned.points.positions.any()
    assert owned.names() == ("car", "7")
    assert owned.captions() == ("car 0.88", "7 0.50")
    assert owned.classes == {0: "ground", 1: "car"}
    assert owned.nbytes == 2 * (12 + 12 + 2 + 4) + 4 * (3 * 8 + 8)


def test_no_boxes_are_boxes() -> None:
    """A detector that finds nothing is no error."""
    boxes = Boxes3D([], [], [], class_ids=[], scores=[])
    assert boxes.corners().shape == (0, 8, 3)
    assert (len(boxes), boxes.captions()) == (0, ())


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"centers": [[0, 0]]}, ValueError, r"centers of shape \(1, 2\).*pass \(N, 3\)"),
        ({"sizes": [[1, 1, -1]]}, ValueError, "must not be negative, found -1: pass the dist"),
        ({"sizes": [[1, 1, np.nan]]}, ValueError, "not finite: leave those boxes out"),
        ({"sizes": [[1, 1, 1], [1, 1, 1]]}, ValueError, r"sizes of shape \(2, 3\).*\(1, 3\)"),
        ({"rotations": [[0, 0, 0, 0]]}, ValueError, r"pass \(0, 0, 0, 1\) for no rotation"),
        ({"rotations": [[0, 0, 1]]}, ValueError, r"pass \(1, 4\)"),
        ({"scores": [1, 2]}, ValueError, r"scores of shape \(2,\)"),
        ({"points": [[0, 0]]}, ValueError, "points lie in a plane"),
        ({"class_ids": [70000]}, ValueError, "class_ids of dtype int64 must lie in 0 to 65535"),
    ],
)
def test_what_does_not_fit_is_told(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    """Wrong arguments raise at once, where they were written."""
    with pytest.raises(error, match=message):
        Boxes3D(**{"centers": [[0, 0, 0]], "sizes": [[1, 1, 1]]} | arguments)
