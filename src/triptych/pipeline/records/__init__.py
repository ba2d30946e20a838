"""What travels from the training thread to the sinks: stamps, columns of numbers, records."""

from __future__ import annotations

from triptych.pipeline.records.batch import Batch, Columns, Record, joined
from triptych.pipeline.records.info import RunInfo, Status, WandbHost
from triptych.pipeline.records.stamp import Stamp
from triptych.pipeline.records.values import (
    Artifact,
    Config,
    Event,
    Failure,
    Foreign,
    Upload,
    Words,
)

__all__ = [
    "Artifact",
    "Batch",
    "Columns",
    "Config",
    "Event",
    "Failure",
    "Foreign",
    "Record",
    "RunInfo",
    "Stamp",
    "Status",
    "Upload",
    "WandbHost",
    "Words",
    "joined",
]
