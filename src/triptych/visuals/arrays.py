"""Numbers from numpy, torch and plain sequences, as host arrays; torch is never imported."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from triptych.visuals.devices import fetch, stage
from triptych.visuals.memory import lend

_QUICK = 4 * 2**20  # bytes that are copied in less time than the interpreter lock may take
# Every other floating dtype of torch (bfloat16, the float8 family) has no numpy counterpart.
_NUMPY_FLOATS = frozenset({"torch.float16", "torch.float32", "torch.float64"})


def is_tensor(value: object) -> bool:
    """Whether the value is a torch tensor, of any subclass, on any device."""
    # A value can only be a tensor if somebody else has imported torch already.
    torch = sys.modules.get("torch")
    tensor_type = getattr(torch, "Tensor", None)
    return tensor_type is not None and isinstance(value, tensor_type)


def on_device(value: object) -> bool:
    """Whether reading the value would mean to wait for a device other than the CPU."""
    return is_tensor(value) and value.device.type != "cpu"  # type: ignore[attr-defined]


def host_array(value: Any) -> npt.NDArray[Any]:
    """View a numpy array or torch tensor as a numpy array; copies only where it must.

    Args:
        value: A numpy array, or a torch tensor of any dtype, with or without grad. Tensors on a
            device are waited for. Floating dtypes which numpy lacks (bfloat16) become float32.

    Returns:
        An array of the same shape, which may share memory with the value.
    """
    if not is_tensor(value):
        return np.asarray(value)
    if on_device(value):
        value = fetch(value)
    if value.is_floating_point() and str(value.dtype) not in _NUMPY_FLOATS:
        value = value.detach().cpu().float()
    # `force` detaches, moves to the CPU and resolves lazy negation and conjugation.
    array: npt.NDArray[Any] = value.numpy(force=True)
    return array


def own_array(value: Any) -> npt.NDArray[Any]:
    """Copy a numpy array or torch tensor, once, into host memory of our own."""
    array = host_array(value)
    if (
        array is not value
        and is_tensor(value)
        and (on_device(value) or array.dtype.itemsize != value.element_size())
    ):
        return array  # coming from the device, or from bfloat16, it is a copy already
    if array.flags.c_contiguous and 0 < array.nbytes <= _QUICK:
        copy = lend(array)
        # numpy lets go of the interpreter lock to copy, and while a worker is busy it gets it back
        # milliseconds later: ten times what the copy itself takes. A memoryview keeps it.
        copy.data.cast("B")[:] = array.data.cast("B")
        return copy
    return np.array(array)


def own_anywhere(value: Any) -> Any:
    """Copy as `own_array`, but a tensor on a device within it, so that nobody waits for it here.

    Returns:
        What `host_array` takes, which belongs on a worker then.
    """
    return stage(value) if on_device(value) else own_array(value)


def numbers(value: Any, what: str) -> npt.NDArray[Any]:
    """Read bools, integers or floats of any shape, from an array, a tensor or a nested sequence.

    Args:
        value: What the user passed.
        what: How to call it in an error message, such as "boxes".

    Returns:
        An array of kind bool, int, uint or float, which may share memory with the value.

    Raises:
        TypeError: Not numbers, or a sequence of uneven rows.
    """
    try:
        array = host_array(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"{what} cannot be read as an array ({error}): pass one array.") from error
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"{what} must be numbers, not {type(value).__name__} of dtype {array.dtype}: "
            f"pass a numpy array, a torch tensor or a sequence of numbers."
        )
    return array


def interval(value: Any, what: str) -> tuple[float, float]:
    """Read the two ends of a range.

    Raises:
        ValueError: Not two finite numbers in rising order.
    """
    try:
        low, high = (float(end) for end in value)
    except (TypeError, ValueError):
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(
            f"{what} must be two finite numbers (low, high), low < high, not {value!r}."
        )
    return low, high


def nbytes(*values: Any) -> int:
    """Bytes of the arrays and tensors among the values; None counts nothing."""
    size = 0
    for value in values:
        if value is not None:
            size += int(value.nbytes)
    return size
