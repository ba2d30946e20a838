"""A grid holds many pictures, and checks each as if it were alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image as PILImage

from triptych.visuals import Grid, Image, Visual

BATCH = torch.arange(2 * 3 * 5 * 6, dtype=torch.uint8).reshape(2, 3, 5, 6)


@pytest.mark.parametrize(
    "batch",
    [BATCH, BATCH.numpy(), [*BATCH], BATCH.permute(0, 2, 3, 1)],
    ids=["tensor", "array", "list", "channels last"],
)
def test_a_batch_is_its_pictures(batch: object) -> None:
    """In order, with their captions, whatever holds them."""
    grid = Grid(batch, ["a", None])

    assert [image.caption for image in grid.images] == ["a", None]
    for image, pixels in zip(grid.images, BATCH, strict=True):
        assert image.to_uint8().tolist() == pixels.permute(1, 2, 0).tolist()


def test_grey_and_normalised_batches_are_drawn() -> None:
    """(N, H, W), with the range of its values for all."""
    grid = Grid(torch.tensor([[[-1.0, 1.0]], [[0.0, 1.0]]]), value_range=(-1, 1))

    assert [image.to_uint8().tolist() for image in grid.images] == [[[0, 255]], [[128, 255]]]


def test_pictures_of_any_kind_and_size_stand_together() -> None:
    """What is an `Image` already keeps what is drawn on it; a caption given here wins."""
    boxed = Image(np.zeros((2, 2)), boxes=[[0, 0, 1, 1]], caption="old")
    grid = Grid([boxed, PILImage.new("L", (3, 1)), np.zeros((5, 6, 3))], ["new", None, None])

    assert [image.size for image in grid.images] == [(2, 2), (3, 1), (6, 5)]
    assert grid.images[0].caption == "new"
    assert grid.images[0].boxes is boxed.boxes
    assert boxed.caption == "old"
    assert Grid([boxed]).images[0].caption == "old"


@pytest.mark.parametrize("form", [BATCH.clone(), [*BATCH.clone()]], ids=["batch", "list"])
def test_own_is_a_copy(form: list[torch.Tensor] | torch.Tensor) -> None:
    """Writing into the batch changes the grid, but not the owned one."""
    grid = Grid(form, columns=2)
    owned = grid.own()
    form[0][:] = 7

    assert grid.images[0].to_uint8().max() == 7
    assert owned.images[0].to_uint8().tolist() == BATCH[0].permute(1, 2, 0).tolist()
    assert (owned.columns, owned.nbytes) == (2, BATCH.nbytes)
    assert isinstance(owned, Visual)
    assert owned.own().images[1].to_uint8().max() == BATCH[1].max()


def test_a_batch_on_a_device_is_not_looked_at_before_it_is_owned() -> None:
    """A meta tensor has no values to wait for."""
    grid = Grid(torch.empty((2, 3, 4, 5), device="meta"))
    assert [image.size for image in grid.images] == [(5, 4), (5, 4)]
    assert grid.nbytes == 2 * 3 * 4 * 5 * 4


def test_its_name_is_short() -> None:
    """A warning which names the grid does not print its pixels."""
    assert len(repr(Grid(BATCH))) < 500


@pytest.mark.parametrize(
    ("images", "options", "message"),
    [
        ([], {}, "1 to 100 pictures, not 0"),
        (np.zeros((101, 2, 2)), {}, r"not 101: pass images\[:100\]"),
        (np.zeros((4, 4)), {}, "are not a batch"),
        (BATCH, {"captions": ["a"]}, "1 captions for 2 pictures"),
        (BATCH, {"columns": 0}, "columns must be 1 or more"),
        ([np.full((2, 2), 3.0)], {}, "float pixels must lie in 0 to 1"),
    ],
)
def test_what_makes_no_grid_is_told(
    images: object, options: dict[str, object], message: str
) -> None:
    """No pictures, too many, the wrong number of captions, or a picture out of its range."""
    with pytest.raises(ValueError, match=message):
        Grid(images, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("images", "captions", "message"),
    [
        (Image(np.zeros((2, 2))), None, "a sequence, not one Image"),
        (PILImage.new("L", (2, 2)), None, "a sequence, not one Image"),
        ("pictures", None, "a sequence, not one str"),
        (BATCH, "abc", "captions must be a sequence"),
        (BATCH, [1, 2], "caption must be a string, not 1"),
        ([Image(np.zeros((2, 2)))], [1], "caption must be a string, not 1"),
    ],
)
def test_what_is_no_grid_is_told(images: object, captions: object, message: str) -> None:
    """One picture in place of many, and captions that are none."""
    with pytest.raises(TypeError, match=message):
        Grid(images, captions)  # type: ignore[arg-type]
