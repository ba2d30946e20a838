"""Charts in Rerun: its own bars, and pictures for what needs axes with words."""

from __future__ import annotations

import numpy as np

from triptych.rendering.charts import draw_bars, draw_confusion, draw_curve
from triptych.sinks.rerun.parts import Parts
from triptych.visuals import Bars, ConfusionMatrix, Curve, Encoded, Histogram


def show_histogram(histogram: Histogram) -> Parts:
    """A bar for each bin, where its values lie; and curves of percentiles below.

    Rerun has no view of histograms over time (0.41): the curves "bands/p05" to "bands/p95" are one.
    """
    import rerun as rr

    counts, edges = histogram.counts()
    centres = (edges[:-1] + edges[1:]) / 2
    yield "", rr.BarChart(counts, abscissa=centres, widths=edges[1:] - edges[:-1])
    for percent, value in histogram.percentiles().items():
        yield f"bands/p{percent:02d}", rr.Scalars(value)


def show_bars(bars: Bars) -> Parts:
    """Rerun's own where there are no names, which it cannot write (0.41); else a picture."""
    import rerun as rr

    if bars.labels is None:
        # at a number that is not finite, the viewer shows no bar at all (0.41)
        yield "", rr.BarChart(np.nan_to_num(bars.heights(), nan=0.0, posinf=0.0, neginf=0.0))
    else:
        yield from _picture(draw_bars(bars))


def show_curve(curve: Curve) -> Parts:
    """A picture: a 2D view has no axes."""
    yield from _picture(draw_curve(curve))


def show_confusion(confusion: ConfusionMatrix) -> Parts:
    """A picture with names and numbers."""
    yield from _picture(draw_confusion(confusion))


def _picture(encoded: Encoded) -> Parts:
    import rerun as rr

    yield "", rr.EncodedImage(contents=encoded.data, media_type=encoded.media_type)
