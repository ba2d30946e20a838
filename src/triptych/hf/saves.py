"""What the Trainer has saved: where, under which names, and with which score."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def checkpoint_folder(args: Any, state: Any) -> Path:
    """The folder of the checkpoint that was just written."""
    name = f"checkpoint-{state.global_step}"
    here = Path(args.output_dir) / name
    if here.is_dir():
        return here
    # a hyperparameter search has a folder for each trial, which no event names
    found = [folder for folder in Path(args.output_dir).glob(f"*/{name}") if folder.is_dir()]
    return max(found, key=lambda folder: folder.stat().st_mtime, default=here)


def aliases(state: Any) -> list[str]:
    """Names of this version of the model."""
    best = state.best_global_step == state.global_step and state.global_step > 0
    return ["latest", "best"] if best else ["latest"]


def score(args: Any, metrics: Mapping[str, Any]) -> dict[str, float]:
    """The metric by which the Trainer compares models, out of an evaluation at the same step."""
    metric = args.metric_for_best_model or "loss"
    key = metric if metric.startswith("eval_") else f"eval_{metric}"
    return {key: float(metrics[key])} if key in metrics else {}


def save_model(folder: Path, model: Any, processing_class: Any) -> None:
    """Write the model, and the tokenizer or image processor beside it."""
    model.save_pretrained(folder)
    if hasattr(processing_class, "save_pretrained"):
        processing_class.save_pretrained(folder)
