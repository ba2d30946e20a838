"""Pixels of any kind, as uint8: which axis holds the channels, and what counts as white.

Back ends disagree here (floats come out black in one, CHW comes out as noise in the other), so that
a picture is made unmistakable once, before any of them sees it.
"""

from __future__ import annotations

import sys
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from triptych.visuals.arrays import host_array, is_tensor, on_device

Layout = Literal["HWC", "CHW"]

# Resampling overshoots by about this much; a picture that is really 0-255 never lies so near to 1.
_TOLERANCE = 1e-3
_CHANNELS = (1, 3, 4)
# Of dtypes without a value that lies beyond.
_WHOLE = {np.bool_: (0.0, 1.0), np.uint8: (0.0, 255.0), np.uint16: (0.0, 65535.0)}
# PIL modes of one number per pixel: they are read as arrays, and checked like arrays.
_PIL_NUMERIC = frozenset({"F", "I", "I;16", "I;16B", "I;16L", "I;16N"})


def is_pil(value: object) -> bool:
    """Whether the value is a PIL image; PIL is not imported to find out."""
    pil = sys.modules.get("PIL.Image")
    return pil is not None and isinstance(value, pil.Image)


def check_source(pixels: Any) -> Any:
    """Let pass what pixels can be made of.

    Returns:
        The same object; for a PIL image of mode I, I;16 or F, its numbers as an array.

    Raises:
        TypeError: Neither numpy, torch nor PIL, or a dtype which is not a real number.
    """
    if isinstance(pixels, np.ndarray):
        if pixels.dtype.kind not in "biuf":
            raise TypeError(
                f"pixels of dtype {pixels.dtype} cannot be drawn: pass uint8 in 0 to 255, or float "
                f"in 0 to 1."
            )
    elif is_pil(pixels):
        return np.array(pixels) if pixels.mode in _PIL_NUMERIC else pixels
    elif not is_tensor(pixels):
        raise TypeError(
            f"pixels must be a numpy array, a torch tensor or a PIL image, "
            f"not {type(pixels).__name__}: convert them with numpy.asarray(...)."
        )
    elif pixels.is_complex():
        raise TypeError(f"pixels of dtype {pixels.dtype} cannot be drawn: pass pixels.abs().")
    return pixels


def find_layout(shape: tuple[int, ...], layout: Layout | None) -> Layout | None:
    """Tell which axis of a picture holds its channels.

    Args:
        shape: (H, W), (H, W, 1|3|4) or (1|3|4, H, W).
        layout: What the user says, or None to find out. Ignored for (H, W).

    Returns:
        "HWC" or "CHW"; None for (H, W).

    Raises:
        ValueError: Not the shape of one picture, or of two different ones.
    """
    if layout is not None and layout not in get_args(Layout):
        raise ValueError(f'layout must be "HWC" or "CHW", not {layout!r}.')
    if 0 in shape:
        raise ValueError(f"pixels of shape {shape} are empty: pass at least one pixel.")
    if len(shape) == 2:  # noqa: PLR2004 - height and width
        return None
    if len(shape) == 4:  # noqa: PLR2004 - a batch of pictures
        raise ValueError(f"pixels of shape {shape} are a batch: pass one picture, as pixels[0].")
    if len(shape) != 3:  # noqa: PLR2004 - a picture with channels
        raise ValueError(
            f"pixels of shape {shape} are not a picture: pass (H, W), (H, W, C) or (C, H, W)."
        )
    if layout is not None:
        channels = shape[2] if layout == "HWC" else shape[0]
        if channels not in _CHANNELS:
            raise ValueError(
                f"pixels of shape {shape} have {channels} channels in layout {layout}: "
                f"pass 1, 3 or 4 channels, or the other layout."
            )
        return layout
    return _guess_layout(shape)


def _guess_layout(shape: tuple[int, ...]) -> Layout:
    last, first = shape[2] in _CHANNELS, shape[0] in _CHANNELS
    if last and first and shape != (1, 1, 1):
        raise ValueError(
            f"pixels of shape {shape} could be (H, W, C) or (C, H, W): "
            f'say layout="HWC" or layout="CHW".'
        )
    if not (last or first):
        raise ValueError(
            f"pixels of shape {shape} have neither 1, 3 nor 4 channels, first or last: pass three "
            f"of the channels, or one of them as (H, W)."
        )
    return "HWC" if last else "CHW"


def check_range(pixels: Any) -> None:
    """Let pass values in the range of their dtype, and those on a device: to look is to wait.

    Raises:
        ValueError: As `natural_range`.
    """
    if isinstance(pixels, np.ndarray) and pixels.dtype.type in _WHOLE:
        return
    if not on_device(pixels):
        natural_range(host_array(pixels))


def natural_range(array: npt.NDArray[Any]) -> tuple[float, float]:
    """Tell what is black and what is white in pixels of this dtype.

    Args:
        array: bool (False, True), uint16 (0 to 65535), another integer type (0 to 255), or float
            (0 to 1 within 0.001; NaN and infinite pixels are not looked at).

    Returns:
        The values of black and white.

    Raises:
        ValueError: Values outside that range.
    """
    whole = _WHOLE.get(array.dtype.type)
    if whole is not None:
        return whole
    low, high = array.min(), array.max()
    if array.dtype.kind in "iu":
        if low < 0 or high > 255:  # noqa: PLR2004 - the range of a byte
            raise ValueError(
                f"pixels of dtype {array.dtype} must lie in 0 to 255, found {low} to {high}: "
                f"name their range, value_range=(low, high)."
            )
        return 0.0, 255.0
    if not (np.isfinite(low) and np.isfinite(high)):
        finite = array[np.isfinite(array)]
        low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    if low < -_TOLERANCE or high > 1 + _TOLERANCE:
        raise ValueError(
            f"float pixels must lie in 0 to 1, found {low:.4g} to {high:.4g}: divide by 255, pass "
            f"uint8, or name their range, value_range=(low, high)."
        )
    return 0.0, 1.0


def to_uint8(
    pixels: Any, layout: Layout | None, value_range: tuple[float, float] | None
) -> npt.NDArray[np.uint8]:
    """Normalise pixels which passed `check_source` and `find_layout`.

    Black becomes 0, white 255, linearly in between, and values beyond are clipped. NaN and -inf are
    drawn black, +inf white.

    Args:
        pixels: A numpy array, a torch tensor or a PIL image.
        layout: As `find_layout` returns it.
        value_range: The values of black and white; None for those of the dtype.

    Returns:
        Contiguous uint8 of shape (H, W), (H, W, 3) or (H, W, 4), which may share memory with
        `pixels`.

    Raises:
        ValueError: No `value_range`, and values outside the range of the dtype.
    """
    array = _pil_array(pixels) if is_pil(pixels) else host_array(pixels)
    if layout == "CHW":
        array = np.moveaxis(array, 0, -1)
    if array.ndim == 3 and array.shape[2] == 1:  # noqa: PLR2004 - (H, W, 1)
        array = array[..., 0]
    if array.dtype != np.uint8 or value_range is not None:
        array = _stretch(array, *(value_range or natural_range(array)))
    return np.ascontiguousarray(array)


def _stretch(array: npt.NDArray[Any], low: float, high: float) -> npt.NDArray[np.uint8]:
    # Clipped before it is scaled: infinite and huge values must not overflow.
    wide = array.astype(np.result_type(array.dtype, np.float32))
    levels: npt.NDArray[np.floating[Any]] = np.clip(wide, low, high)
    levels -= low
    levels *= 255.0 / (high - low)
    levels += 0.5
    levels[np.isnan(levels)] = 0.0
    return levels.astype(np.uint8)


def _pil_array(picture: Any) -> npt.NDArray[np.uint8]:
    if picture.mode == "1":
        picture = picture.convert("L")
    elif picture.mode not in ("L", "RGB", "RGBA"):
        alpha = picture.mode in ("LA", "La", "PA", "RGBa") or "transparency" in picture.info
        picture = picture.convert("RGBA" if alpha else "RGB")
    array: npt.NDArray[np.uint8] = np.asarray(picture)
    return array
