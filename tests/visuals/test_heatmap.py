"""A heatmap takes any matrix, and says what its colours mean."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from triptych.visuals import Heatmap, Image, Visual


@pytest.mark.parametrize(
    "values",
    [
        np.eye(2),
        torch.eye(2).bfloat16().requires_grad_(),
        torch.eye(2, dtype=torch.bool),
        np.eye(2, dtype=np.float16)[None],
        torch.eye(2, dtype=torch.int64)[..., None],
        [[1, 0], [0, 1]],
    ],
    ids=["float", "bfloat16 with grad", "bool", "float16", "int", "list"],
)
def test_every_matrix_is_taken(values: object) -> None:
    """Of every real dtype; its range is that of its values."""
    heatmap = Heatmap(values).own()

    assert heatmap.matrix().tolist() == [[1, 0], [0, 1]]
    assert heatmap.shown_range() == (0, 1)
    assert heatmap.legend() == "from 0 to 1"


def test_the_legend_has_caption_and_range() -> None:
    """The range that is named wins; NaN and infinite numbers have no say."""
    values = np.array([[np.nan, -np.inf, -2.0, 1234.5]])

    assert Heatmap(values, caption="head 3").legend() == "head 3, from -2 to 1234"
    named = Heatmap(values, (-1, 1), "coolwarm")
    assert named.legend() == "from -1 to 1"
    assert Heatmap(np.full((2, 2), -3.0)).shown_range() == (-3, 0)
    assert Heatmap(np.full((2, 2), np.nan)).shown_range() == (0, 1)


def test_own_is_a_copy_of_values_and_picture() -> None:
    """Writing into the sources does not change the owned heatmap."""
    values, below = torch.zeros((2, 2)), np.zeros((4, 4), np.uint8)
    owned = Heatmap(values, over=below).own()
    values[:], below[:] = 1, 1

    assert owned.over is not None
    assert (owned.matrix().max(), owned.over.to_uint8().max()) == (0, 0)
    assert owned.nbytes == 16 + 16
    assert isinstance(owned, Visual)


def test_values_on_a_device_are_not_looked_at() -> None:
    """A meta tensor has no values to wait for."""
    assert Heatmap(torch.empty((3, 4), device="meta"), rows=["a", "b", "c"]).rows == ("a", "b", "c")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rows": ["a"]}, "1 names for 2 rows"),
        ({"columns": ["a"] * 2}, "2 names for 3 columns"),
        ({"rows": ["a", "b"], "over": Image(np.zeros((2, 2)))}, "find no place over a picture"),
        ({"colours": "rainbow"}, "colours must be one of"),
        ({"range": (1, 1)}, "low < high"),
    ],
)
def test_what_does_not_fit_is_told(options: dict[str, object], message: str) -> None:
    """Names, colours and ranges are checked when it is built."""
    with pytest.raises(ValueError, match=message):
        Heatmap(np.zeros((2, 3)), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(2, 3, 4), (3,), (0, 3), (2, 2, 2, 2)])
def test_what_is_no_matrix_is_told(shape: tuple[int, ...]) -> None:
    """More or fewer axes, or nothing at all."""
    with pytest.raises(ValueError, match="heatmap of shape"):
        Heatmap(np.zeros(shape))


def test_what_are_no_names_is_told() -> None:
    """Numbers, or one string in place of many."""
    with pytest.raises(TypeError, match="rows must be a sequence of strings"):
        Heatmap(np.zeros((2, 3)), rows="ab")
    with pytest.raises(TypeError, match="columns must be a sequence of strings"):
        Heatmap(np.zeros((2, 3)), columns=[1, 2, 3])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="caption must be a string"):
        Heatmap(np.zeros((2, 3)), caption=1)  # type: ignore[arg-type]
