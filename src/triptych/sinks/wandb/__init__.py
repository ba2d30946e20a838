"""The W&B panel: a run of its own, or a guest in one that is open already."""

from __future__ import annotations

from triptych.sinks.wandb.sink import WandbSink

__all__ = ["WandbSink"]
