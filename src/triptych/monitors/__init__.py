"""What watches a training and logs what it sees: `watch(run, model, optimizer)`.

Monitors only call `run.log` and `run.event`. They never raise into a training, never wait for a
device, and on ranks that do not write they do nothing.
"""

from __future__ import annotations

from triptych.monitors.settings import Monitors
from triptych.monitors.watching import Watching, watch

__all__ = ["Monitors", "Watching", "watch"]
