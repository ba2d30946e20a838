"""Every kind of pixels becomes the uint8 picture its owner means, or an error that says why not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as PILImage

from triptych.visuals import Image

RED_BLUE = np.array([[[255, 0, 0], [0, 0, 255], [0, 51, 255]]] * 2, dtype=np.uint8)
"""A picture 3 wide and 2 high: its channels can only be last."""


def test_hwc_stays_as_it_is() -> None:
    """Height, width, channels in uint8 is what comes out."""
    assert Image(RED_BLUE).to_uint8().tolist() == RED_BLUE.tolist()


def test_chw_is_turned_around() -> None:
    """Channels first, as torch has them, come out last."""
    wide = np.concatenate([RED_BLUE, RED_BLUE], axis=1)  # (2, 6, 3)
    image = Image(torch.from_numpy(wide).permute(2, 0, 1))
    assert image.size == (6, 2)
    assert image.to_uint8().tolist() == wide.tolist()


def test_hw_is_grey() -> None:
    """Two axes are one channel."""
    image = Image(np.array([[0.0, 0.2, 1.0]]))
    assert image.size == (3, 1)
    assert image.to_uint8().tolist() == [[0, 51, 255]]


@pytest.mark.parametrize("shape", [(5, 7, 1), (1, 5, 7)])
def test_a_single_channel_is_squeezed(shape: tuple[int, ...]) -> None:
    """One channel, first or last, comes out as (H, W)."""
    pixels = np.arange(35, dtype=np.uint8)
    assert Image(pixels.reshape(shape)).to_uint8().tolist() == pixels.reshape(5, 7).tolist()


def test_four_channels_keep_their_alpha() -> None:
    """RGBA stays RGBA."""
    pixels = np.array([[[1, 2, 3, 4], [5, 6, 7, 8]]] * 2, dtype=np.uint8)
    assert Image(pixels).to_uint8().tolist() == pixels.tolist()


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 1)])
def test_one_pixel_is_a_picture(shape: tuple[int, ...]) -> None:
    """1 x 1 is no special case."""
    image = Image(np.full(shape, 7, dtype=np.uint8))
    assert (image.size, image.to_uint8().tolist()) == ((1, 1), [[7]])


@pytest.mark.parametrize(
    "dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64], ids=str
)
def test_floats_from_zero_to_one_span_black_to_white(dtype: torch.dtype) -> None:
    """Every floating dtype, bfloat16 included, maps 0 to 0 and 1 to 255."""
    pixels = torch.tensor([[0.0, 0.5, 1.0]], dtype=dtype)
    assert Image(pixels).to_uint8().tolist() == [[0, 128, 255]]


def test_a_tensor_with_grad_is_drawn() -> None:
    """A live tensor of the graph needs no detach."""
    pixels = torch.tensor([[0.0, 1.0]], requires_grad=True) * 1
    assert Image(pixels).to_uint8().tolist() == [[0, 255]]


def test_bool_is_black_and_white() -> None:
    """True is white."""
    assert Image(torch.tensor([[False, True]])).to_uint8().tolist() == [[0, 255]]


def test_uint16_spans_its_whole_range() -> None:
    """65535 is white, and 257 levels make one of 255."""
    pixels = np.array([[0, 257, 65280, 65535]], dtype=np.uint16)
    assert Image(pixels).to_uint8().tolist() == [[0, 1, 254, 255]]


def test_wide_integers_are_bytes() -> None:
    """int64 within 0 to 255 is taken as uint8."""
    assert Image(torch.tensor([[0, 100, 255]])).to_uint8().tolist() == [[0, 100, 255]]


def test_nan_is_black_and_infinity_is_the_end_it_points_to() -> None:
    """NaN and -inf are drawn black, +inf white, and they do not hide the range of the others."""
    pixels = np.array([[np.nan, -np.inf, np.inf, 1.0]], dtype=np.float32)
    assert Image(pixels).to_uint8().tolist() == [[0, 0, 255, 255]]


def test_a_picture_of_nothing_but_nan_is_black() -> None:
    """No finite pixel is needed."""
    assert Image(np.full((1, 2), np.nan)).to_uint8().tolist() == [[0, 0]]


def test_rounding_noise_beyond_one_is_clipped() -> None:
    """What resampling overshoots by is white, not an error."""
    assert Image(np.array([[-0.0005, 1.0005]])).to_uint8().tolist() == [[0, 255]]


def test_value_range_maps_linearly_and_clips() -> None:
    """Pixels normalised to -1..1 are drawn when their owner says so; NaN stays black."""
    pixels = np.array([[-1.0, 0.2, 1.0, 9.0, -np.inf, np.nan]], dtype=np.float16)
    image = Image(pixels, value_range=(-1, 1))
    assert image.to_uint8().tolist() == [[0, 153, 255, 255, 0, 0]]


def test_value_range_stretches_integers() -> None:
    """A depth in millimetres can be drawn."""
    image = Image(np.array([[500, 1000, 1500]]), value_range=(500, 1500))
    assert image.to_uint8().tolist() == [[0, 128, 255]]


def test_layout_tells_two_readings_apart() -> None:
    """(3, 5, 3) is drawn as its owner says."""
    pixels = np.arange(45, dtype=np.uint8).reshape(3, 5, 3)
    assert Image(pixels, layout="HWC").to_uint8().tolist() == pixels.tolist()
    first = Image(pixels, layout="CHW")
    assert first.size == (3, 5)
    assert first.to_uint8().tolist() == pixels.transpose(1, 2, 0).tolist()


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((3, 5, 3), r'could be \(H, W, C\) or \(C, H, W\): say layout="HWC"'),
        ((1, 28, 1), 'say layout="HWC"'),
        ((2, 3, 8, 8), r"are a batch: pass one picture, as pixels\[0\]"),
        ((1, 3, 8, 8), r"are a batch: pass one picture, as pixels\[0\]"),
        ((8, 8, 2), "neither 1, 3 nor 4 channels"),
        ((0, 8), "are empty"),
        ((8, 0, 3), "are empty"),
        ((8,), "are not a picture"),
    ],
)
def test_an_impossible_shape_is_told(shape: tuple[int, ...], message: str) -> None:
    """A shape that is no picture, or two, raises at once with a way out."""
    with pytest.raises(ValueError, match=message):
        Image(np.zeros(shape, dtype=np.uint8))


def test_a_layout_that_cannot_be_is_told() -> None:
    """The wrong layout is not drawn as noise."""
    with pytest.raises(ValueError, match="have 8 channels in layout CHW"):
        Image(np.zeros((8, 9, 3)), layout="CHW")
    with pytest.raises(ValueError, match="layout must be"):
        Image(np.zeros((8, 9, 3)), layout="NHWC")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.array([[0.0, 254.5]]), "found 0 to 254.5: divide by 255"),
        (torch.tensor([[-1.0, 1.0]]), r"found -1 to 1: .* value_range=\(low, high\)"),
        (np.array([[np.nan, 3.0]], dtype=np.float16), "found 3 to 3"),
        (np.array([[-60000, 60000]], dtype=np.float16), "found -6e"),
        (np.array([[0, 256]]), "must lie in 0 to 255, found 0 to 256"),
        (torch.tensor([[-1]], dtype=torch.int8), "found -1 to -1"),
    ],
)
def test_an_unknown_range_is_told(pixels: object, message: str) -> None:
    """Pixels whose black and white cannot be known raise, with what was found."""
    with pytest.raises(ValueError, match=message):
        Image(pixels)


@pytest.mark.parametrize("value_range", [(1, 0), (0, 0), (0, np.inf), (0,), 5, "ab"])
def test_a_wrong_value_range_is_told(value_range: object) -> None:
    """Black and white are two finite numbers in rising order."""
    with pytest.raises(ValueError, match="two finite numbers"):
        Image(np.zeros((2, 2)), value_range=value_range)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        ([[0, 1]], "not list: convert them with numpy.asarray"),
        (None, "not NoneType"),
        (np.zeros((2, 2), dtype=np.complex64), "complex64 cannot be drawn"),
        (np.array([["a"]]), "cannot be drawn"),
        (torch.zeros((2, 2), dtype=torch.complex64), r"pass pixels.abs\(\)"),
    ],
)
def test_what_are_no_pixels_is_told(pixels: object, message: str) -> None:
    """Other types and dtypes raise at once."""
    with pytest.raises(TypeError, match=message):
        Image(pixels)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("L", [[76, 29]]),
        ("1", [[0, 255]]),
        ("RGB", [[[255, 0, 0], [0, 0, 255]]]),
        ("RGBA", [[[255, 0, 0, 255], [0, 0, 255, 255]]]),
        ("P", [[[255, 0, 0], [0, 0, 255]]]),
        ("CMYK", [[[255, 0, 0], [0, 0, 255]]]),
        ("LA", [[[76, 76, 76, 255], [29, 29, 29, 255]]]),
    ],
)
def test_every_pil_mode_is_drawn(mode: str, expected: list[object]) -> None:
    """PIL images of every mode come out grey, RGB or RGBA."""
    picture = PILImage.fromarray(RED_BLUE[:1, :2])
    if mode == "1":
        picture = PILImage.new("1", (2, 1))
        picture.putpixel((1, 0), 1)
    elif mode == "P":
        picture = PILImage.new("P", (2, 1))
        picture.putpalette([255, 0, 0, 0, 0, 255])
        picture.putpixel((1, 0), 1)
    else:
        picture = picture.convert(mode)
    assert picture.mode == mode
    assert Image(picture).size == (2, 1)
    assert Image(picture).to_uint8().tolist() == expected


def test_a_transparent_palette_keeps_its_alpha() -> None:
    """A palette image with a transparent entry comes out as RGBA."""
    picture = PILImage.new("P", (1, 1))
    picture.putpalette([9, 8, 7])
    picture.info["transparency"] = 0
    assert Image(picture).to_uint8().tolist() == [[[9, 8, 7, 0]]]


def test_pil_images_of_numbers_are_read_as_arrays() -> None:
    """16-bit and float modes of PIL follow the rules for arrays."""
    deep = PILImage.fromarray(np.array([[0, 65535]], dtype=np.uint16))
    assert deep.mode == "I;16"
    assert Image(deep).to_uint8().tolist() == [[0, 255]]
    real = PILImage.fromarray(np.array([[0.0, 1.0]], dtype=np.float32))
    assert Image(real).to_uint8().tolist() == [[0, 255]]


def test_layout_of_a_pil_image_is_refused() -> None:
    """What describes arrays is not silently ignored."""
    with pytest.raises(ValueError, match="are for arrays"):
        Image(PILImage.new("RGB", (2, 2)), layout="HWC")


def test_values_on_a_device_are_not_looked_at_when_the_picture_is_built() -> None:
    """The constructor does not wait for a device: a meta tensor has no values to wait for."""
    image = Image(torch.empty((3, 8, 9), device="meta"))
    assert (image.size, image.nbytes) == ((9, 8), 3 * 8 * 9 * 4)


def test_the_range_is_checked_again_when_drawn() -> None:
    """Values that were not, or not yet, wrong at first are found by the worker."""
    pixels = np.zeros((2, 2))
    image = Image(pixels)
    pixels[0, 0] = 200
    with pytest.raises(ValueError, match="found 0 to 200"):
        image.to_uint8()


@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.uint16, np.bool_, np.float16, np.float32, np.float64]),
        st.sampled_from([(2, 5), (2, 5, 3), (4, 5, 7), (1, 6, 2)]),
    )
)
def test_any_pixels_are_drawn_or_refused(pixels: np.ndarray) -> None:
    """Whatever the values: a contiguous uint8 picture of the told size, or a ValueError."""
    try:
        image = Image(pixels)
    except ValueError:
        assert pixels.dtype.kind == "f"
        return
    drawn = image.to_uint8()
    assert (drawn.dtype, drawn.flags.c_contiguous) == (np.dtype(np.uint8), True)
    assert drawn.shape[:2] == image.size[::-1]
    assert drawn.shape[2:] in {(), (3,), (4,)}
