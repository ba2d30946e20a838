"""What Rerun shows for each visual."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from triptych.pipeline.sink import NotShown
from triptych.sinks.rerun.charts import show_histogram
from triptych.sinks.rerun.parts import Parts
from triptych.sinks.rerun.pictures import show_image
from triptych.sinks.rerun.words import show_table, show_text
from triptych.visuals import Histogram, Image, Table, Text

SHOWS: dict[type, Callable[[Any], Parts]] = {
    Image: show_image,
    Histogram: show_histogram,
    Table: show_table,
    Text: show_text,
}


def archetypes(visual: Any) -> Parts:
    """The parts of a visual, encoded; on the sink's worker.

    Raises:
        NotShown: If Rerun has no way to show it.
    """
    show = SHOWS.get(type(visual))
    if show is None:
        raise NotShown(f"Rerun has no picture for {type(visual).__name__}.")
    return show(visual)
