"""What is queued is ours: values become plain numbers, or copies that training cannot change."""

from __future__ import annotations

import math
import numbers
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from triptych.pipeline.plain import PLAIN
from triptych.pipeline.records import Foreign

if TYPE_CHECKING:
    from triptych.visuals import Visual


_visuals: set[type] = set()  # to ask a protocol takes ten microseconds, so each is asked once


class Unloggable(TypeError):  # noqa: N818  # it says what the value is
    """A value that `run.log` cannot take; the message says what to use instead."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number on the host."""

    value: float


@dataclass(frozen=True, slots=True)
class DeviceScalar:
    """A one-element tensor on an accelerator, to be read once the device has got there."""

    tensor: Any


def own(path: str, value: Any) -> Scalar | DeviceScalar | Any:
    """Sort a value: a number, a number still on its device, a visual, or something foreign.

    Visuals come back as they are; `copied` makes the copy, once a sink wants it.

    Raises:
        Unloggable: If it is none of these; the message names the path and the type.
    """
    if type(value) in _visuals:
        return value
    if type(value) in PLAIN:
        return Scalar(_float(value))
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return _tensor(path, value)
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return _array(path, value)
    decimal = type(value).__name__ == "Decimal"
    if decimal or isinstance(value, numbers.Real):  # Fraction; Decimal is only a Number
        # float refuses one kind of NaN
        return Scalar(math.nan if decimal and value.is_nan() else _float(value))
    visual = _visual(value)
    if visual is not None:
        if visual is value:
            _visuals.add(type(value))
        return visual
    raise Unloggable(f"{path!r} is {_describe(value)}, which run.log does not take. {_hint(value)}")


def copied(visual: Any) -> Any:
    """The visual with memory of its own. On the training thread: no conversion, no encoding."""
    if isinstance(visual, Foreign):
        shown = visual.visual.own() if visual.visual is not None else None
        return Foreign(visual.value, visual.home, shown)
    return visual.own()


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _tensor(path: str, tensor: Any) -> Scalar | DeviceScalar:
    if tensor.numel() != 1 or tensor.is_complex() or tensor.device.type == "meta":
        raise Unloggable(
            f"{path!r} is a tensor of shape {tuple(tensor.shape)} and dtype {tensor.dtype} on "
            f"{tensor.device}; a number has one real element. Use .mean(), triptych.Image, or "
            f"triptych.Histogram."
        )
    if tensor.is_cuda and sys.modules["torch"].cuda.is_current_stream_capturing():
        raise Unloggable(f"{path!r} cannot be read while a CUDA graph is captured: log it outside.")
    if tensor.device.type != "cpu":
        return DeviceScalar(tensor)
    try:
        return Scalar(float(tensor.item()))
    except RuntimeError as error:
        raise Unloggable(
            f"{path!r} is a tensor that cannot be read here: {error}. Log it outside the "
            f"transformed function."
        ) from error


def _array(path: str, array: Any) -> Scalar:
    size = math.prod(array.shape)
    kind = getattr(array.dtype, "kind", "?")
    if size != 1 or kind not in "fiub":
        raise Unloggable(
            f"{path!r} is an array of shape {tuple(array.shape)} and dtype {array.dtype}; a number "
            f"has one real element. Use .mean(), triptych.Image, or triptych.Histogram."
        )
    return Scalar(float(array.item()))


def _visual(value: Any) -> Any:
    package = type(value).__module__.partition(".")[0]
    if package in ("rerun", "wandb"):
        return _foreign(value, package)
    if value is None or isinstance(value, (str, bytes, dict, list, tuple, set)):
        return None
    from triptych.visuals import adopt

    return adopt(value)


def _foreign(value: Any, package: str) -> Foreign | None:
    """Recognise archetypes and `wandb` media, and find what the other sinks can show of them."""
    from triptych import visuals

    shown: Visual | None = None
    name = type(value).__name__
    if package == "rerun":
        if not hasattr(value, "as_component_batches"):
            return None
        if name == "TextDocument":
            text = "".join(value.text.as_arrow_array().to_pylist())
            kind = [] if value.media_type is None else value.media_type.as_arrow_array().to_pylist()
            shown = visuals.Markdown(text) if "text/markdown" in kind else visuals.Text(text)
    else:
        if not hasattr(value, "to_json"):
            return None
        if name == "Image" and value.image is not None:
            shown = visuals.Image(value.image, caption=value._caption)  # noqa: SLF001
        elif name == "Table":
            shown = visuals.Table(value.columns, value.data)
        elif name == "Histogram":
            shown = visuals.Histogram.from_counts(value.histogram, value.bins)
    return Foreign(value, package, shown)


def _describe(value: Any) -> str:
    if value is None:
        return "None"
    name = type(value).__name__
    article = "an" if name[:1].lower() in "aeiou" else "a"
    return f"{article} {name}"


def _hint(value: Any) -> str:
    if isinstance(value, dict):
        return 'Log its items under paths of their own, such as "train/loss".'
    if isinstance(value, str):
        return "Use triptych.Text for words to keep, run.event for a marker."
    if value is None:
        return "Leave it out, or log float('nan') for a missing number."
    if isinstance(value, list | tuple | set):
        return "Log one number or visual for each path, or triptych.Histogram of all."
    return "It takes numbers, visuals such as triptych.Image, and functions that return one."
