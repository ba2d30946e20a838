"""Destinations. One file per back end; a sink knows records and visuals, and no other sink."""

from __future__ import annotations

from triptych.pipeline.sink import NotShown as NotShown
from triptych.pipeline.sink import Sink as Sink
