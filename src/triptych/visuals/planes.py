"""Numbers in two dimensions, as `Depth` and `Heatmap` take them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from triptych.visuals.arrays import is_tensor, numbers

_FLAT = 2


def check_plane(values: Any, what: str) -> Any:
    """Let pass what (H, W) numbers can be made of.

    Args:
        values: A numpy array, torch tensor or nested sequence of shape (H, W), (H, W, 1) or
            (1, H, W); a tensor is not read.
        what: How to call it in an error message.

    Returns:
        The tensor itself, or an array.

    Raises:
        TypeError: Not real numbers.
        ValueError: Another shape, or no values.
    """
    if not is_tensor(values):
        values = numbers(values, what)
    elif values.is_complex():
        raise TypeError(f"{what} is complex: pass values.abs().")
    shape = tuple(values.shape)
    if not flat_shape(shape):
        raise ValueError(f"{what} of shape {shape} must be (H, W): pass one of its planes.")
    if 0 in shape:
        raise ValueError(f"{what} of shape {shape} is empty: pass at least one value.")
    return values


def flat_shape(shape: tuple[int, ...]) -> tuple[int, int] | None:
    """Height and width of (H, W), (H, W, 1) or (1, H, W); None for other shapes."""
    if len(shape) == _FLAT:
        return shape[0], shape[1]
    if len(shape) == _FLAT + 1 and 1 in (shape[0], shape[-1]):
        return (shape[1], shape[2]) if shape[0] == 1 else (shape[0], shape[1])
    return None


def plane(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array as (H, W)."""
    return array.reshape(flat_shape(array.shape) or array.shape)


def span(values: npt.NDArray[Any]) -> tuple[float, float]:
    """The lowest and the highest finite value, a little apart where there is but one; else 0, 1."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    # as float32 they must differ too: that is what pictures are made with
    return (low, high) if np.float32(low) < np.float32(high) else (low, low + max(abs(low), 1.0))
