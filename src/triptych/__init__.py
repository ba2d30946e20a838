"""One run, three panels: numbers in W&B, pictures in Rerun, words in Python logging, on one step.

    import triptych

    with triptych.run("digits", config={"lr": 1e-3}) as run:
        for epoch in run.epochs(3):
            for images, labels in run.steps(loader):
                loss = train_step(images, labels)
                run.log({"train/loss": loss})
                run.log({"train/batch": lambda: triptych.Image(images[0])})

Importing this module loads no framework and no back end; the visuals load numpy when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from triptych.caller import TriptychWarning
from triptych.pipeline.cadence import Every, Limit, Route
from triptych.pipeline.records import Status
from triptych.pipeline.totals import Totals
from triptych.run import Run
from triptych.start import run, setup_logging
from triptych.words import logging_config

if TYPE_CHECKING:
    from triptych.visuals import Histogram, Image, Table, Text

__version__ = "0.1.0"

__all__ = [
    "Every",
    "Histogram",
    "Image",
    "Limit",
    "Route",
    "Run",
    "Status",
    "Table",
    "Text",
    "Totals",
    "TriptychWarning",
    "logging_config",
    "run",
    "setup_logging",
]

_VISUALS = frozenset({"Histogram", "Image", "Table", "Text"})


def __getattr__(name: str) -> Any:
    if name in _VISUALS:
        return getattr(import_module("triptych.visuals"), name)
    raise AttributeError(f"module 'triptych' has no attribute {name!r}")
