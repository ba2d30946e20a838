"""Points keep what was passed, leave out what has no place, and tell what cannot be drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from triptych.visuals import Points, Visual

PLACES = [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]


@pytest.mark.parametrize(
    "positions",
    [
        PLACES,
        np.array(PLACES, np.float64),
        np.array(PLACES, np.int16),
        torch.tensor(PLACES, dtype=torch.bfloat16, requires_grad=True),
    ],
    ids=["list", "float64", "int16", "bfloat16"],
)
def test_positions_of_any_kind_become_float32(positions: Any) -> None:
    """Lists, arrays and live tensors."""
    drawn = Points(positions).own().normalised()
    assert drawn.positions.dtype == np.float32
    assert drawn.positions.tolist() == PLACES
    assert (len(drawn), drawn.dimensions) == (2, 3)


def test_own_is_a_copy_of_everything() -> None:
    """An optimizer step after the call moves no point."""
    arrays = {
        "positions": torch.zeros(2, 3),
        "colours": np.zeros((2, 3), np.uint8),
        "radii": torch.zeros(2),
        "class_ids": np.zeros(2, int),
    }
    points = Points(**arrays)
    owned = points.own()
    for name, array in arrays.items():
        array[:] = 1
        assert not np.asarray(getattr(owned, name)).any()
        assert np.asarray(getattr(points, name)).all()
    assert isinstance(owned, Visual)
    assert owned.nbytes == 2 * 3 * 4 + 2 * 3 + 2 * 4 + 2 * 8


def test_a_tensor_is_not_read_before_it_is_owned() -> None:
    """A meta tensor has no values: the constructor would fail if it waited for some."""
    meta = torch.empty(5, 3, device="meta")
    ids = torch.empty(5, dtype=torch.int64, device="meta")
    points = Points(meta, colours=meta, radii=meta[:, 0], class_ids=ids)
    assert points.nbytes == 5 * (12 + 12 + 4 + 8)


def test_a_point_without_a_place_is_left_out_with_all_it_has() -> None:
    """NaN and infinite coordinates, and those too large for float32."""
    places = [[0, 0], [np.nan, 0], [1, np.inf], [1e300, 0], [2, 2]]
    points = Points(
        places,
        colours=[[n, n, n] for n in range(5)],
        radii=range(5),
        labels=list("abcde"),
        class_ids=range(5),
    )
    drawn = points.own().normalised()
    assert drawn.positions.tolist() == [[0, 0], [2, 2]]
    assert drawn.colours.tolist() == [[0, 0, 0], [4, 4, 4]]
    assert drawn.radii.tolist() == [0, 4]
    assert (drawn.labels, drawn.class_ids.tolist()) == (("a", "e"), [0, 4])


@pytest.mark.parametrize(
    ("colours", "expected"),
    [
        ([[255, 0, 1], [0, 10, 255]], [[255, 0, 1], [0, 10, 255]]),
        (torch.tensor([[1.0, 0, 0.5], [0, 0, float("nan")]]), [[255, 0, 128], [0, 0, 0]]),
        ([[1.0, 0.0, 0.0, 0.5]] * 2, [[255, 0, 0, 128]] * 2),
        ((0, 128, 255), [[0, 128, 255]]),
    ],
    ids=["integers", "floats", "alpha", "one for all"],
)
def test_colours_become_bytes(colours: Any, expected: list[list[int]]) -> None:
    """Integers are 0 to 255, floats 0 to 1."""
    drawn = Points(PLACES, colours).normalised()
    assert (drawn.colours.dtype, drawn.colours.tolist()) == (np.uint8, expected)


def test_values_keep_their_range_in_a_sample() -> None:
    """So that a sample has the colours that all have."""
    points = Points([[0, 0], [1, 1], [2, 2], [np.nan, 0]], values=[1, 2, 5, 99]).normalised()
    assert points.range == (1, 5)
    assert points.take(np.array([1])).range == (1, 5)
    assert points.take(np.array([1])).values.tolist() == [2]


def test_no_points_are_points() -> None:
    """A detector that finds nothing is no error."""
    assert Points([]).dimensions == 3
    flat = Points(np.zeros((0, 2)), class_ids=[], labels=[], colours=np.zeros((0, 3))).normalised()
    assert (len(flat), flat.dimensions, flat.labels) == (0, 2, ())


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"positions": [1, 2, 3]}, ValueError, r"shape \(3,\) cannot be drawn: pass \(N, 2\) or"),
        ({"positions": np.zeros((2, 4))}, ValueError, r"\(2, 4\) cannot be drawn"),
        ({"positions": "abc"}, TypeError, "positions must be numbers"),
        ({"positions": torch.zeros(2, 3).to(torch.complex64)}, TypeError, "positions are complex"),
        ({"colours": [[0, 0, 0]]}, ValueError, r"\(1, 3\) do not fit.*\(2, 3\)"),
        ({"colours": (0, 0, 256)}, ValueError, "integers in 0 to 255, or floats in 0 to 1"),
        ({"colours": (0.0, 0.0, 255.0)}, ValueError, "lie in 0 to 1, found 0 to 255"),
        ({"radii": [1, -1]}, ValueError, "radii of dtype int64 must lie in 0 to inf, found -1"),
        ({"radii": [1, 1, 1]}, ValueError, r"pass one number, or \(2,\)"),
        ({"labels": ["a"]}, ValueError, "there are 1 labels for 2"),
        ({"labels": [1, 2]}, TypeError, "labels must be strings"),
        ({"class_ids": [0.5, 1]}, TypeError, "class_ids must be integers, not float64"),
        ({"class_ids": [-1, 1]}, ValueError, "give what is to be ignored an id of its own"),
        ({"class_ids": [1]}, ValueError, r"class_ids of shape \(1,\) do not fit"),
        ({"values": [1]}, ValueError, r"values of shape \(1,\) do not fit"),
        ({"values": [1, 2], "colours": (0, 0, 0)}, ValueError, "pass one of them"),
        ({"values": [1, 2], "colours": "jett"}, ValueError, "not 'jett'"),
        ({"values": [1, 2], "range": (2, 1)}, ValueError, "range must be two finite"),
    ],
)
def test_what_does_not_fit_is_told(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    """Wrong arguments raise at once, where they were written."""
    with pytest.raises(error, match=message):
        Points(**{"positions": PLACES} | arguments)
