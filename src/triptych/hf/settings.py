"""What a Trainer knows of a training: its arguments, the model, the adapters of PEFT."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def describe(args: Any, model: Any, trial: Mapping[str, Any] | None) -> dict[str, Any]:
    """The configuration of a run.

    Args:
        args: `TrainingArguments`; tokens are left out by its own `to_dict`, other secrets are
            masked by the run.
        model: The model, or None where there is none yet.
        trial: What a hyperparameter search has chosen.

    Returns:
        The arguments at the top, as in W&B's own callback, and below them `model`, `peft` and
        `trial`; settings that are None are left out.
    """
    settings = {key: value for key, value in args.to_dict().items() if value is not None}
    settings["world_size"] = args.world_size
    if model is not None:
        settings["model"] = {"class": type(model).__name__, **_own(model), **_parameters(model)}
        adapters = getattr(model, "peft_config", None)
        if isinstance(adapters, Mapping):
            settings["peft"] = {name: _plain(config) for name, config in adapters.items()}
    if trial:
        settings["trial"] = dict(trial)
    return settings


def total_batch(args: Any, state: Any) -> int:
    """Samples in one update, over all processes: fewer in the last one of an epoch."""
    batch = state.train_batch_size or args.train_batch_size
    return int(batch * args.gradient_accumulation_steps * args.world_size)


def _own(model: Any) -> dict[str, Any]:
    return _plain(getattr(model, "config", None))


def _parameters(model: Any) -> dict[str, int]:
    sizes = [(parameter.numel(), parameter.requires_grad) for parameter in model.parameters()]
    return {
        "num_parameters": sum(size for size, _ in sizes),
        "num_trainable_parameters": sum(size for size, trained in sizes if trained),
    }


def _plain(config: Any) -> dict[str, Any]:
    found = config.to_dict() if hasattr(config, "to_dict") else config
    if not isinstance(found, Mapping):
        return {}
    return {str(key): value for key, value in found.items() if value is not None}
