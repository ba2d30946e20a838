"""Charts in Rerun."""

from __future__ import annotations

from triptych.sinks.rerun.parts import Parts
from triptych.visuals import Histogram


def show_histogram(histogram: Histogram) -> Parts:
    """A bar for each bin, where its values lie."""
    import rerun as rr

    counts, edges = histogram.counts()
    centres = (edges[:-1] + edges[1:]) / 2
    yield "", rr.BarChart(counts, abscissa=centres, widths=edges[1:] - edges[:-1])
