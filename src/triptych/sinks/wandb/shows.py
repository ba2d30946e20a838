"""What W&B shows for each visual."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from triptych.pipeline.sink import NotShown
from triptych.printable import all_encodable
from triptych.sinks.wandb.charts import show_bars, show_confusion, show_curve, show_histogram
from triptych.sinks.wandb.clips import show_audio, show_video
from triptych.sinks.wandb.pictures import (
    show_depth,
    show_figure,
    show_grid,
    show_heatmap,
    show_image,
)
from triptych.sinks.wandb.scenes import (
    show_boxes3d,
    show_embedding,
    show_graph,
    show_lines,
    show_mesh,
    show_points,
)
from triptych.sinks.wandb.words import show_markdown, show_table, show_text, show_tokens
from triptych.visuals import (
    Audio,
    Bars,
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

SHOWS: dict[type, Callable[[Any, Path], Any]] = {
    Image: show_image,
    Grid: show_grid,
    Depth: show_depth,
    Heatmap: show_heatmap,
    Figure: show_figure,
    Video: show_video,
    Audio: show_audio,
    Points: show_points,
    Boxes3D: show_boxes3d,
    Mesh: show_mesh,
    Lines: show_lines,
    Graph: show_graph,
    Embedding: show_embedding,
    Histogram: show_histogram,
    Curve: show_curve,
    Bars: show_bars,
    ConfusionMatrix: show_confusion,
    Table: show_table,
    Text: show_text,
    Markdown: show_markdown,
    Tokens: show_tokens,
}


def media(visual: Any, place: Path) -> Any:
    """What W&B shows for a visual; files go to `place`, and stay until it is logged.

    Raises:
        NotShown: If W&B has no way to show it.
    """
    show = SHOWS.get(type(visual))
    if show is None:
        raise NotShown(f"W&B has no panel for {type(visual).__name__}.")
    return show(all_encodable(visual), place)
