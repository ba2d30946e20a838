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

from triptych.archive.seeds import seed_everything
from triptych.caller import TriptychWarning
from triptych.dashboard import Dashboard
from triptych.pipeline.cadence import Every, Limit, Route
from triptych.pipeline.records import Status
from triptych.pipeline.totals import Totals
from triptych.training.run import Run
from triptych.training.start import run, setup_logging
from triptych.words import logging_config

if TYPE_CHECKING:
    from triptych import monitors, visuals
    from triptych.archive.reader import open_run
    from triptych.visuals import (
        Audio,
        Bars,
        Boxes,
        Boxes3D,
        ConfusionMatrix,
        Curve,
        Depth,
        Embedding,
        Figure,
        Graph,
        Grid,
        Heatmap,
        Histogram,
        Image,
        Lines,
        Markdown,
        Mesh,
        Points,
        Table,
        Text,
        Tokens,
        Video,
    )

__version__ = "0.1.0"

__all__ = [
    "Audio",
    "Bars",
    "Boxes",
    "Boxes3D",
    "ConfusionMatrix",
    "Curve",
    "Dashboard",
    "Depth",
    "Embedding",
    "Every",
    "Figure",
    "Graph",
    "Grid",
    "Heatmap",
    "Histogram",
    "Image",
    "Limit",
    "Lines",
    "Markdown",
    "Mesh",
    "Points",
    "Route",
    "Run",
    "Status",
    "Table",
    "Text",
    "Tokens",
    "Totals",
    "TriptychWarning",
    "Video",
    "logging_config",
    "monitors",
    "open_run",
    "run",
    "seed_everything",
    "setup_logging",
    "visuals",
]

_LAZY = {"open_run": "triptych.archive.reader"}
"""Where names live that are loaded when first used; the others that are, are visuals."""


def __getattr__(name: str) -> Any:
    if name in ("monitors", "visuals"):
        return import_module(f"triptych.{name}")
    if name in __all__:
        found = getattr(import_module(_LAZY.get(name, "triptych.visuals")), name)
        return globals().setdefault(name, found)  # the next time nobody asks here
    raise AttributeError(f"module 'triptych' has no attribute {name!r}")
