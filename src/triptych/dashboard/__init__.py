"""The default Rerun blueprint: what was seen, how it is grouped, and how it is laid out."""

from __future__ import annotations

from triptych.dashboard.layout import blueprint
from triptych.dashboard.naming import (
    CONFIG,
    ERRORS,
    EVENTS,
    LOG10,
    LOGS,
    PHASE,
    PHASE_COLOURS,
    SUMMARY,
    is_loss,
    log_level,
    place,
)
from triptych.dashboard.seen import Number, Seen
from triptych.dashboard.wishes import Dashboard

__all__ = [
    "CONFIG",
    "ERRORS",
    "EVENTS",
    "LOG10",
    "LOGS",
    "PHASE",
    "PHASE_COLOURS",
    "SUMMARY",
    "Dashboard",
    "Number",
    "Seen",
    "blueprint",
    "is_loss",
    "log_level",
    "place",
]
