"""A picture keeps what was drawn, whatever training does with its tensors afterwards."""

from __future__ import annotations

import copy
import dataclasses
import io
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image as PILImage

from triptych.visuals import Image, Visual


def gradient(height: int, width: int) -> np.ndarray:
    """Make a smooth picture of many colours, uint8 (height, width, 3)."""
    y, x = np.mgrid[0:height, 0:width]
    red, green = 255 * x // (width - 1), 255 * y // (height - 1)
    return np.stack([red, green, (red + green) // 2], axis=-1).astype(np.uint8)


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((2, 2), 0.2, dtype=np.float32),
        torch.full((2, 2), 0.2),
        torch.full((2, 2), 0.2, dtype=torch.bfloat16),
        torch.full((4, 2), 0.2)[::2],
    ],
    ids=["numpy", "torch", "bfloat16", "view"],
)
def test_own_is_a_copy_of_arrays(pixels: np.ndarray | torch.Tensor) -> None:
    """Writing into the source does not change the owned picture, but the one not owned."""
    image = Image(pixels)
    owned = image.own()
    pixels[:] = 1.0
    assert owned.to_uint8().tolist() == [[51, 51], [51, 51]]
    assert image.to_uint8().tolist() == [[255, 255], [255, 255]]


def test_own_is_a_copy_of_a_pil_image() -> None:
    """Drawing into a PIL image does not change the owned picture."""
    picture = PILImage.new("L", (1, 1), 5)
    owned = Image(picture).own()
    picture.putpixel((0, 0), 200)
    assert owned.to_uint8().tolist() == [[5]]


def test_own_lets_go_of_the_graph() -> None:
    """An owned picture keeps no tensor, so no graph and no device memory."""
    owned = Image(torch.zeros((2, 2), requires_grad=True) * 1).own()
    assert type(owned.pixels) is np.ndarray


def test_own_does_not_convert() -> None:
    """The copy has the dtype of the source, and is drawn later."""
    assert Image(torch.zeros((3, 4, 5))).own().pixels.dtype == np.float32
    assert Image(np.zeros((4, 5), dtype=np.uint16)).own().pixels.dtype == np.uint16


def test_own_keeps_a_view_of_a_batch_small() -> None:
    """Of a batch, only the picture is held."""
    owned = Image(np.zeros((1000, 8, 8), dtype=np.uint8)[0]).own()
    assert owned.pixels.base is None
    assert owned.nbytes == 64


def test_own_keeps_everything_else() -> None:
    """Boxes, mask, keypoints, classes, caption, layout and range come along."""
    image = Image(
        np.zeros((3, 4, 3)),
        boxes=[[0, 0, 1, 1]],
        mask=np.ones((3, 4), dtype=bool),
        keypoints=[[1, 2]],
        classes=["a"],
        caption="c",
        layout="HWC",
        value_range=(0, 2),
    )
    owned = image.own()
    for field in dataclasses.fields(Image):
        if field.name != "pixels":
            assert getattr(owned, field.name) is getattr(image, field.name)


def test_drawings_are_copied_when_built() -> None:
    """Boxes, mask and keypoints of an owned picture share no memory with the source either."""
    boxes, points = torch.zeros((1, 4)), np.zeros((1, 2), dtype=np.float32)
    mask = np.zeros((2, 2), dtype=np.uint8)
    owned = Image(np.zeros((2, 2)), boxes, mask, points).own()
    boxes[:], points[:], mask[:] = 9, 9, 9
    assert owned.boxes is not None
    assert owned.boxes.xyxy.tolist() == [[0, 0, 0, 0]]
    assert owned.keypoints is not None
    assert owned.keypoints.tolist() == [[0, 0]]
    assert owned.mask is not None
    assert owned.mask.tolist() == [[0, 0], [0, 0]]


def test_nbytes_counts_pixels_and_drawings() -> None:
    """What the buffer counts is what the copy holds."""
    image = Image(
        torch.zeros((3, 10, 20)), [[0, 0, 1, 1]], np.zeros((10, 20), dtype=bool), [[1, 2]]
    )
    assert image.nbytes == 3 * 10 * 20 * 4 + 16 + 200 + 8
    assert Image(PILImage.new("RGB", (4, 5))).nbytes == 60


def test_an_image_is_a_visual_and_frozen() -> None:
    """It can be queued, and nobody can change it on the way."""
    image = Image(np.zeros((2, 2)))
    assert isinstance(image, Visual)
    with pytest.raises(dataclasses.FrozenInstanceError):
        image.caption = "new"  # type: ignore[misc]


def test_an_image_can_be_copied_and_pickled() -> None:
    """DataLoader workers may send pictures to the main process."""
    image = Image(np.array([[1, 2]], dtype=np.uint8), caption="c")
    for twin in (copy.deepcopy(image), pickle.loads(pickle.dumps(image))):  # noqa: S301 - ours
        assert (twin.to_uint8().tolist(), twin.caption) == ([[1, 2]], "c")


def test_its_name_is_short() -> None:
    """A warning which names the picture does not print its pixels."""
    assert repr(Image(np.zeros((2, 2)), caption="c")) == (
        "Image(boxes=None, keypoints=None, classes={}, caption='c', layout=None, value_range=None)"
    )


def test_a_caption_is_a_string() -> None:
    """A label that was not turned into text is told."""
    with pytest.raises(TypeError, match=r"caption must be a string, not 3: pass str\(caption\)"):
        Image(np.zeros((2, 2)), caption=3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "pixels",
    [
        gradient(64, 64),
        gradient(200, 300)[..., 0],
        np.dstack([gradient(200, 300), gradient(200, 300)[..., 0]]),
        np.kron(np.eye(2, dtype=np.uint8), np.full((300, 300), 255, dtype=np.uint8)),
        gradient(2, 65_501),
    ],
    ids=["small", "grey", "alpha", "few colours", "too long for JPEG"],
)
def test_png_round_trip_is_exact(pixels: np.ndarray) -> None:
    """Small, grey, transparent, flat and endless pictures come back bit by bit."""
    encoded = Image(pixels).encode()
    with PILImage.open(io.BytesIO(encoded.data)) as picture:
        assert (encoded.media_type, picture.format) == ("image/png", "PNG")
        assert (encoded.width, encoded.height) == picture.size == pixels.shape[1::-1]
        assert np.asarray(picture).tolist() == pixels.tolist()


@pytest.mark.parametrize("pixels", [gradient(200, 300), gradient(300, 400)[..., 0]])
def test_jpeg_round_trip_is_close(pixels: np.ndarray) -> None:
    """Large pictures of many colours come back from their JPEG within a few levels."""
    encoded = Image(pixels).encode()
    with PILImage.open(io.BytesIO(encoded.data)) as picture:
        assert (encoded.media_type, picture.format) == ("image/jpeg", "JPEG")
        assert (encoded.width, encoded.height) == picture.size == pixels.shape[1::-1]
        error = np.abs(np.asarray(picture).astype(int) - pixels)
    assert error.max() <= 8
    assert error.mean() < 1
    assert len(encoded.data) < pixels.nbytes / 10


def test_grey_in_three_channels_is_packed_as_one() -> None:
    """It looks the same; a single pixel of colour anywhere, and it stays in colour."""
    flat = np.kron(np.eye(2, dtype=np.uint8), np.full((300, 300), 255, dtype=np.uint8))
    pixels = np.repeat(flat[..., None], 3, axis=2)
    with PILImage.open(io.BytesIO(Image(pixels).encode().data)) as picture:
        assert picture.mode == "L"
        assert (np.asarray(picture.convert("RGB")) == pixels).all()
    pixels[599, 1] = (0, 0, 1)
    with PILImage.open(io.BytesIO(Image(pixels).encode().data)) as picture:
        assert (np.asarray(picture) == pixels).all()


def test_thin_coloured_lines_keep_their_colour() -> None:
    """What a user draws into a large picture, one pixel wide, is not washed out."""
    pixels = gradient(200, 300)[..., :1].repeat(3, axis=-1)
    pixels[100] = (255, 0, 0)
    encoded = Image(pixels).encode()
    assert encoded.media_type == "image/jpeg"
    with PILImage.open(io.BytesIO(encoded.data)) as picture:
        red, green, blue = np.asarray(picture)[100].astype(int).mean(axis=0)
    assert red > 215
    assert max(green, blue) < 40


def test_a_float_chw_tensor_encodes_to_what_it_shows() -> None:
    """The path from a live tensor to a file keeps colours, axes and range."""
    shown = gradient(20, 30)
    tensor = torch.from_numpy(shown).permute(2, 0, 1) / 255
    encoded = Image(tensor.requires_grad_()).own().encode()
    with PILImage.open(io.BytesIO(encoded.data)) as picture:
        assert np.asarray(picture).tolist() == shown.tolist()


def test_visuals_import_neither_torch_nor_pil() -> None:
    """Users of numpy alone do not pay for what they do not use, until a picture is encoded."""
    program = (
        "import sys, numpy, triptych.visuals as v; "
        "i = v.Image(numpy.zeros((2, 2))).own(); i.to_uint8(); v.adopt(3); "
        "print(sorted({'torch', 'PIL', 'matplotlib', 'rerun', 'wandb', 'pandas'} & {*sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
