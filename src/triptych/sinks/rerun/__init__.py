"""The Rerun panel: one recording to a file, or to viewers."""

from __future__ import annotations

from triptych.sinks.rerun.remote import RemoteSink
from triptych.sinks.rerun.sink import RerunSink

__all__ = ["RemoteSink", "RerunSink"]
