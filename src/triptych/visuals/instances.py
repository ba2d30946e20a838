"""What each of many points, boxes or lines has: a place, a colour, a size, a class, a name.

Arrays and tensors are taken as they are, and read by a worker; what is wrong with them is told at
once where that needs no waiting for a device.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from triptych.visuals.arrays import host_array, is_tensor, numbers, on_device

_MAX_CLASS_ID = 65535
_TOLERANCE = 1e-3  # of colours which went through a float format of few bits


def take(value: Any, what: str) -> Any:
    """Take an array or a tensor unread, and a sequence as an array.

    Raises:
        TypeError: Not real numbers.
    """
    if not is_tensor(value):
        return numbers(value, what)
    if value.is_complex():
        raise TypeError(f"{what} are complex: pass their real part, {what}.real.")
    return value


def take_places(value: Any, what: str, columns: Sequence[int]) -> Any:
    """Take (N, columns) coordinates; an empty sequence has as many columns as are allowed.

    Raises:
        TypeError: Not real numbers.
        ValueError: Another shape.
    """
    places = take(value, what)
    if tuple(places.shape) == (0,):
        return np.zeros((0, columns[-1]), np.float32)
    if len(places.shape) != 2 or places.shape[1] not in columns:  # noqa: PLR2004 - rows, columns
        shapes = " or ".join(f"(N, {count})" for count in columns)
        raise ValueError(f"{what} of shape {tuple(places.shape)} cannot be drawn: pass {shapes}.")
    return places


def take_colours(value: Any, count: int) -> Any:
    """Take one colour for each of `count` things, (N, 3|4), or one for all, (3,) or (4,).

    Raises:
        TypeError: Not numbers.
        ValueError: Another shape; values out of range.
    """
    colours = take(value, "colours")
    shape = tuple(colours.shape)
    if shape[-1:] not in ((3,), (4,)) or shape[:-1] not in ((), (count,)):
        raise ValueError(
            f"colours of shape {shape} do not fit: pass red, green, blue and, if you like, alpha "
            f"for each, ({count}, 3), or one colour for all, (3,)."
        )
    if not on_device(colours):
        _check_range(host_array(colours), 1.0 if _is_float(colours) else 255.0, "colours")
    return colours


def take_radii(value: Any, count: int) -> Any:
    """Take a radius for each of `count` things, (N,), or one for all.

    Raises:
        TypeError: Not numbers.
        ValueError: Another shape; a radius below 0.
    """
    radii = take(value, "radii")
    if tuple(radii.shape) not in ((), (count,)):
        raise ValueError(
            f"radii of shape {tuple(radii.shape)} do not fit: pass one number, or ({count},)."
        )
    if not on_device(radii):
        _check_range(host_array(radii), np.inf, "radii")
    return radii


def take_class_ids(value: Any, count: int) -> Any:
    """Take a class id for each of `count` things.

    Raises:
        TypeError: Not integers.
        ValueError: Another shape; an id out of 0 to 65535.
    """
    ids = take(value, "class_ids")
    check_count(ids, count, "class_ids")
    if count and _is_float(ids):  # an empty list is one of floats
        raise TypeError(f"class_ids must be integers, not {ids.dtype}: pass scores.argmax(-1).")
    if not on_device(ids):
        _check_range(host_array(ids), _MAX_CLASS_ID, "class_ids")
    return ids


def read_names(value: Any, count: int, what: str = "labels") -> tuple[str, ...]:
    """Read a name for each of `count` things.

    Raises:
        TypeError: Not strings.
        ValueError: More or fewer than there are things.
    """
    names = (value,) if isinstance(value, str) else tuple(value)
    if not all(isinstance(name, str) for name in names):
        raise TypeError(f"{what} must be strings, not {value!r}: pass [str(x) for x in {what}].")
    if len(names) != count:
        raise ValueError(f"there are {len(names)} {what} for {count}: pass one for each.")
    return tuple(map(str, names))


def check_count(value: Any, count: int, what: str) -> None:
    """Whether there is one number for each of `count` things.

    Raises:
        ValueError: If not.
    """
    if tuple(value.shape) != (count,):
        raise ValueError(f"{what} of shape {tuple(value.shape)} do not fit: pass ({count},).")


def as_floats(value: Any) -> npt.NDArray[np.float32]:
    """Read coordinates or other numbers as float32, on a worker; too large ones are infinite."""
    with np.errstate(over="ignore"):
        return host_array(value).astype(np.float32, copy=False)


def as_colours(value: Any) -> npt.NDArray[np.uint8]:
    """Read colours that passed `take_colours`, on a worker.

    Returns:
        uint8, (N, 3|4), or (1, 3|4) where there is one for all.

    Raises:
        ValueError: Values out of range, in colours from a device.
    """
    colours = np.atleast_2d(host_array(value))
    _check_range(colours, 1.0 if colours.dtype.kind == "f" else 255.0, "colours")
    if colours.dtype.kind == "f":
        colours = np.clip(np.nan_to_num(colours), 0, 1) * 255 + 0.5
    found: npt.NDArray[np.uint8] = colours.astype(np.uint8, copy=False)
    return found


def as_radii(value: Any) -> npt.NDArray[np.float32]:
    """Read radii that passed `take_radii`, on a worker: (N,), or (1,) where there is one for all.

    Raises:
        ValueError: A radius below 0, in radii from a device.
    """
    radii = np.atleast_1d(as_floats(value))
    _check_range(radii, np.inf, "radii")
    return np.nan_to_num(radii)


def as_class_ids(value: Any) -> npt.NDArray[np.uint16]:
    """Read class ids that passed `take_class_ids`, on a worker.

    Raises:
        ValueError: An id out of 0 to 65535, in ids from a device.
    """
    ids = host_array(value)
    _check_range(ids, _MAX_CLASS_ID, "class_ids")
    return ids.astype(np.uint16)


def _is_float(value: Any) -> bool:
    return bool(value.is_floating_point()) if is_tensor(value) else value.dtype.kind == "f"


def _check_range(array: npt.NDArray[Any], high: float, what: str) -> None:
    if array.size == 0:
        return
    slack = _TOLERANCE if array.dtype.kind == "f" else 0
    least, most = np.fmin.reduce(array, axis=None), np.fmax.reduce(array, axis=None)  # no NaN
    if least < -slack or most > high + slack:
        more = {
            "colours": ": pass integers in 0 to 255, or floats in 0 to 1",
            "radii": ": pass distances in the units of the positions",
            "class_ids": ": give what is to be ignored an id of its own",
        }
        raise ValueError(
            f"{what} of dtype {array.dtype} must lie in 0 to {high:g}, found {least:g} to {most:g}"
            f"{more[what]}."
        )
