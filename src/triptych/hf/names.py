"""What the Trainer logs, under the names that its users know from W&B and TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EVAL = "eval"
TEST = "test"

# Once at the end of a training: under their own names, as in W&B's summary. `train_loss` is the
# mean of all steps and must not become the last point of the curve `train/loss`.
_SUMMARY = frozenset(
    {
        "train_runtime",
        "train_samples_per_second",
        "train_steps_per_second",
        "train_loss",
        "total_flos",
    }
)


def numbers(logs: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the logs of the Trainer into paths: `train/…`, `eval/…`, `test/…`.

    Left out: None, which TRL logs where it has no valid value; and the epoch beside an evaluation,
    which the training has logged already.
    """
    evaluating = any(key.startswith((f"{EVAL}_", f"{TEST}_")) for key in logs)
    return {
        _path(key): value
        for key, value in logs.items()
        if value is not None and not (key == "epoch" and evaluating)
    }


def place(prefix: str) -> str:
    """Where the pictures of an evaluation go: `eval` for "eval", `eval/de` for "eval_de"."""
    return prefix.replace("_", "/", 1)


def phase(prefix: str) -> str:
    """The phase of an evaluation whose numbers begin with `prefix`."""
    return TEST if prefix.startswith(TEST) else "val"


def _path(key: str) -> str:
    if key in _SUMMARY:
        return key
    for prefix in (EVAL, TEST):
        if key.startswith(f"{prefix}_"):
            return f"{prefix}/{key.removeprefix(f'{prefix}_')}"
    return f"train/{key}"
