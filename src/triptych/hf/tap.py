"""`Tap`: a forward hook that keeps what a model was given and gave back, without a second pass."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Seen:
    """One forward pass.

    Attributes:
        inputs: What the model was called with, by the names of its parameters.
        outputs: What it returned, in the same classes, its tensors detached from the graph.
    """

    inputs: dict[str, Any]
    outputs: Any

    def samples(self, start: int, stop: int) -> Seen:
        """The pass as if the batch had held these samples alone: views."""
        size = self.size

        def cut(tensor: Any) -> Any:
            return tensor[start:stop] if tensor.ndim and len(tensor) == size else tensor

        return Seen(mapped(self.inputs, cut), mapped(self.outputs, cut))

    @property
    def size(self) -> int:
        """How many samples the batch holds, by its first tensor; 0 where there is none."""
        sizes = [len(value) for value in self.inputs.values() if _is_tensor(value) and value.ndim]
        return sizes[0] if sizes else 0


class Tap:
    """Sits on one model at a time, and looks only where it is asked to.

    Args:
        wanted: Says for each pass whether it is to be kept. Not asked while one that was kept waits
            for `take`.

    Attributes:
        watch_loss: Whether the losses of training passes are kept for `take_losses`.
    """

    def __init__(self, wanted: Callable[[], bool]) -> None:
        self.watch_loss = False
        self._wanted = wanted
        self._model: Any = None
        self._handle: Any = None
        self._seen: Seen | None = None
        self._losses: list[Any] = []
        self._learning: Callable[[], bool] = bool

    def install(self, model: Any) -> None:
        """Sit on this model, and leave the one before: `model_init` makes a new one each time."""
        if model is not self._model or self._handle is None:
            import torch

            self.remove()
            self._model = model
            self._learning = torch.is_grad_enabled
            self._handle = model.register_forward_hook(self._look, with_kwargs=True)

    def remove(self) -> None:
        """Leave the model as it was."""
        if self._handle is not None:
            self._handle.remove()
        self._model = self._handle = self._seen = None
        self._losses.clear()

    def take(self) -> Seen | None:
        """The pass that was kept, if any; it is let go of."""
        seen, self._seen = self._seen, None
        return seen

    def take_losses(self) -> list[Any]:
        """The losses of the training passes since the last call, as the model returned them."""
        losses, self._losses = self._losses, []
        return losses

    def _look(self, model: Any, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> None:
        if self.watch_loss and model.training:
            loss = _loss(out)
            if loss is not None and loss.requires_grad:
                self._losses.append(loss.detach())
        if self._better(model, kwargs):
            given = _by_name(model, args, kwargs)
            self._seen = Seen(mapped(given, _detach), mapped(out, _detach))

    def _better(self, model: Any, kwargs: dict[str, Any]) -> bool:
        """Whether to keep this pass, and let go of the one that waits."""
        if model.training and not self._learning():
            return False  # text that is generated between updates, a reference model's scores
        if self._seen is None:
            return self._wanted()
        # an evaluation that generates calls the model many times before it computes the loss
        return "labels" in kwargs and "labels" not in self._seen.inputs


def mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """The same structure of mappings, lists and tuples, with every tensor changed."""
    if _is_tensor(value):
        return change(value)
    if isinstance(value, Mapping):
        items = {key: mapped(item, change) for key, item in value.items()}
        # a ModelOutput is built from its fields, and has attributes that a dict lacks
        return type(value)(**items) if type(value) is not dict else items
    if isinstance(value, list | tuple):
        parts = [mapped(item, change) for item in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return value


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "detach") and hasattr(value, "ndim")


def _detach(tensor: Any) -> Any:
    return tensor.detach()


def _loss(out: Any) -> Any:
    loss = out.get("loss") if isinstance(out, Mapping) else None
    if loss is None and isinstance(out, tuple) and out and _is_tensor(out[0]) and out[0].ndim == 0:
        loss = out[0]
    return loss


def _by_name(model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    named = dict(zip(inspect.signature(model.forward).parameters, args, strict=False))
    # not part of the batch: the Trainer adds it for models that scale their loss by it
    return {k: v for k, v in {**named, **kwargs}.items() if k != "num_items_in_batch"}
