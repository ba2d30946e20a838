"""A training as small as can be: a ViT of a thousand parameters, real digits, the CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from sklearn.datasets import load_digits
from torch.utils.data import Dataset
from transformers import (
    Trainer,
    TrainingArguments,
    ViTConfig,
    ViTForImageClassification,
)

from tests.support import rrd
from triptych import Run
from triptych.hf import RerunCallback


class Digits(Dataset):  # type: ignore[type-arg]
    """The first digits of scikit-learn: pixels (1, 8, 8), 0 to 1, and their labels."""

    def __init__(self, size: int, start: int = 0) -> None:
        digits = load_digits()
        self.pixels = torch.from_numpy(digits.images[start : start + size] / 16).float()[:, None]
        self.labels = torch.from_numpy(digits.target[start : start + size])

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {"pixel_values": self.pixels[index], "labels": self.labels[index]}


def make_model(seed: int = 0) -> ViTForImageClassification:
    """The same weights for the same seed."""
    torch.manual_seed(seed)
    return ViTForImageClassification(
        ViTConfig(
            image_size=8,
            patch_size=4,
            num_channels=1,
            hidden_size=8,
            num_hidden_layers=1,
            num_attention_heads=1,
            intermediate_size=8,
            num_labels=10,
        )
    )


def make_arguments(folder: Path, **changes: Any) -> TrainingArguments:
    """Four samples in a batch, three updates for twelve samples, every update logged."""
    settings: dict[str, Any] = {
        "per_device_train_batch_size": 4,
        "per_device_eval_batch_size": 4,
        "num_train_epochs": 1,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
        "use_cpu": True,
    }
    return TrainingArguments(str(folder / "out"), **(settings | changes))


def make_trainer(
    folder: Path, callback: RerunCallback | None, *, model: Any = None, **changes: Any
) -> Trainer:
    """A Trainer on twelve digits, evaluated on eight others."""
    options = {
        name: changes.pop(name) for name in ("eval_dataset", "model_init") if name in changes
    }
    if "model_init" not in options:
        options["model"] = model or make_model()
    options.setdefault("eval_dataset", Digits(8, start=100))
    return Trainer(
        args=make_arguments(folder, **changes),
        train_dataset=Digits(12),
        callbacks=[callback] if callback else [],
        **options,
    )


def make_callback(folder: Path, **changes: Any) -> RerunCallback:
    """A callback whose run lies in `folder`, strict, without W&B and monitors unless told so."""
    options = {"wandb": False, "console": False, "strict": True, "draw": False, "monitors": False}
    options |= {"project": "digits", "root": folder / "runs"}
    return RerunCallback(**(options | changes))


def run_of(callback: RerunCallback) -> Run:
    """The run of a callback that has opened one."""
    assert callback.run is not None
    return callback.run


def recording(callback: RerunCallback, attempt: int = 1) -> Path:
    """The recording of an attempt."""
    return run_of(callback).dir / f"recording-{attempt}.rrd"


def curve(path: Path, entity: str) -> list[int]:
    """The steps of a curve."""
    steps, _ = rrd.scalars(path, entity)
    return [int(step) for step in steps]
