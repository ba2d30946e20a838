"""Pictures as bytes: PNG where it keeps what matters, JPEG where PNG is slow and large."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

# Measured on one core: a photo of 640 x 427 takes 53 ms and 480 kB as PNG (21 ms at level 1, 5 %
# larger), 1.3 ms and 120 kB as JPEG. So JPEG is for what has many pixels and many colours, where
# its error cannot be seen. Thumbnails (where single pixels are looked at), transparency, grey
# pictures of moderate size (under 2 ms) and few colours (class maps, drawings, which JPEG
# smears and PNG packs smaller) are kept exactly.
_SMALL_SIDE = 64
_SMALL_GREY = 256 * 256
_FEW_COLOURS = 64
_LOOKED_AT = 1024  # pixels; counting the colours of all takes a quarter of the time of a JPEG
_JPEG_MAX_SIDE = 65_500  # the limit of libjpeg


@dataclass(frozen=True, slots=True)
class Encoded:
    """A picture as the bytes of an image file.

    Attributes:
        data: The file.
        media_type: Its type.
        width: In pixels.
        height: In pixels.
    """

    data: bytes = field(repr=False)
    media_type: Literal["image/png", "image/jpeg"]
    width: int
    height: int


def encode(pixels: npt.NDArray[np.uint8]) -> Encoded:
    """Encode a picture; PIL lets go of the interpreter lock meanwhile, so it belongs on a worker.

    Args:
        pixels: uint8 of shape (H, W), (H, W, 3) or (H, W, 4), as `Image.to_uint8` returns.

    Returns:
        A PNG, without loss, for pictures of at most 64 x 64, with alpha, of few colours (at most 64
        among a thousand of its pixels), or in grey up to 65536 pixels; else a JPEG of quality 90
        with full colour resolution.
    """
    from PIL import Image

    few = _has_few_colours(pixels)
    if few and _is_grey(pixels):
        pixels = np.ascontiguousarray(pixels[..., 0])  # the same picture, and a third to pack
    picture = Image.fromarray(pixels)
    width, height = picture.size
    exact = (
        picture.mode == "RGBA"
        or max(width, height) <= _SMALL_SIDE
        or max(width, height) > _JPEG_MAX_SIDE
        or (picture.mode == "L" and width * height <= _SMALL_GREY)
        or few
    )
    file = io.BytesIO()
    if exact:
        picture.save(file, "PNG", compress_level=1)
        return Encoded(file.getvalue(), "image/png", width, height)
    # Without subsampling: thin coloured lines (boxes, skeletons) keep their colour.
    picture.save(file, "JPEG", quality=90, subsampling=0)
    return Encoded(file.getvalue(), "image/jpeg", width, height)


def _has_few_colours(pixels: npt.NDArray[np.uint8]) -> bool:
    flat = pixels.reshape(pixels.shape[0] * pixels.shape[1], -1)
    some = flat[:: max(1, len(flat) // _LOOKED_AT)].astype(np.int64)
    colours = some @ (256 ** np.arange(some.shape[1]))
    return len(np.unique(colours)) <= _FEW_COLOURS


def _is_grey(pixels: npt.NDArray[np.uint8]) -> bool:
    """Whether three channels say the same."""
    if pixels.ndim != 3 or pixels.shape[2] != 3:  # noqa: PLR2004  # red, green, blue
        return False
    red, green, blue = (pixels[..., channel] for channel in range(3))
    return bool((red == green).all() and (green == blue).all())
