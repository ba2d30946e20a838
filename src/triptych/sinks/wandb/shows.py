"""What W&B shows for each visual."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from triptych.pipeline.sink import NotShown
from triptych.sinks.wandb.charts import show_histogram
from triptych.sinks.wandb.pictures import show_image
from triptych.sinks.wandb.words import show_table, show_text
from triptych.visuals import Histogram, Image, Table, Text

SHOWS: dict[type, Callable[[Any, Path], Any]] = {
    Image: show_image,
    Histogram: show_histogram,
    Table: show_table,
    Text: show_text,
}


def media(visual: Any, place: Path) -> Any:
    """What W&B shows for a visual; files go to `place`, and stay until it is logged.

    Raises:
        NotShown: If W&B has no way to show it.
    """
    show = SHOWS.get(type(visual))
    if show is None:
        raise NotShown(f"W&B has no panel for {type(visual).__name__}.")
    return show(visual, place)
