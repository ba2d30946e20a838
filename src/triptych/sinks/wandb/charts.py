"""Charts in W&B.

Its own charts of lines and bars show the newest row of each run, and several runs side by side; a
picture keeps every step. A matrix is a picture, since W&B's own colours by count and not by share.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from triptych.rendering.charts import draw_confusion
from triptych.visuals import Bars, ConfusionMatrix, Curve, Histogram

_MOST_POINTS = 200  # of a line: of 50 lines that makes the 10,000 rows beyond which W&B cuts


def show_histogram(histogram: Histogram, _place: Path) -> Any:
    """W&B's own, which it also draws over time."""
    import wandb

    return wandb.Histogram(np_histogram=histogram.counts())


def show_curve(curve: Curve, _place: Path) -> Any:
    """W&B's own lines; each line's name stays the same from step to step, its note is in the title.

    W&B's chart has no label for the left axis (0.31), so that it is in the title as well.
    """
    import wandb

    traces = curve.traces()
    shown = [trace.thinned(_MOST_POINTS) for trace in traces]
    notes = [f"{t.name} {t.note}".strip() for t in traces if t.note]
    title = ": ".join(filter(None, [curve.title or curve.y_label, ", ".join(notes)]))
    return wandb.plot.line_series(
        [trace.x.tolist() for trace in shown],
        [trace.y.tolist() for trace in shown],
        keys=[trace.name or curve.y_label for trace in shown],
        title=title,
        xname=curve.x_label,
    )


def show_bars(bars: Bars, _place: Path) -> Any:
    """W&B's own."""
    import wandb

    heights = bars.heights()
    names = bars.labels or tuple(map(str, range(len(heights))))
    rows = [
        [name, height]
        for name, height in zip(names, heights.tolist(), strict=True)
        if np.isfinite(height)
    ]
    table = wandb.Table(columns=["name", "value"], data=rows)
    return wandb.plot.bar(table, "name", "value", title=bars.title)


def show_confusion(confusion: ConfusionMatrix, place: Path) -> Any:
    """A picture with names and numbers."""
    import wandb

    file = place / "confusion.png"
    file.write_bytes(draw_confusion(confusion).data)
    return wandb.Image(str(file))
