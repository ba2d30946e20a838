"""Charts and words in the recording: bars, percentiles, pictures and documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import triptych
from tests.support import rrd
from triptych import visuals
from triptych.rendering import charts, tables, tokens
from triptych.sinks.rerun import RerunSink

COUNTS = triptych.Histogram.from_counts([3, 1], [0.0, 1.0, 3.0])
DRAWN = {
    "curve": visuals.Curve([0, 1], [2, 3], title="a line"),
    "named": visuals.Bars({"cat": 0.5, "dog": -0.2, "none": float("nan")}),
    "matrix": visuals.ConfusionMatrix([0, 1, 1], [0, 1, 0], ["cat", "dog"]),
    "tokens": visuals.Tokens(["one", " two"], [0, 6], caption="said"),
    "pictured": visuals.Table(["n", "p"], [[1, triptych.Image(np.eye(4))], [None, "text"]]),
}


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything at step 1, and the histogram of two more steps, the last of nothing."""
    root = tmp_path_factory.mktemp("charts")
    told = {
        "weights": triptych.Histogram(np.arange(101.0), bins=2),
        "counted": COUNTS,
        "bare": visuals.Bars([1.5, np.nan, -3]),
        "worst": triptych.Table(["true", "said"], [[8, "3|5"]]),
        "sample": triptych.Text("Once *upon* <b>"),
        "report": visuals.Markdown("Once *upon* <b>"),
    }
    rows = [
        told | DRAWN,
        {"weights": triptych.Histogram(np.arange(101.0) + 1, bins=2)},
        {"weights": triptych.Histogram([np.nan], bins=2)},
    ]
    with triptych.run("charts", root=root, sinks=[RerunSink()], console=False) as run:
        for row in run.steps(rows):
            run.log(row)
    assert run.totals.sinks["rerun"].shed == {}
    return Path(run.info.recording)


def _first(recording: Path, entity: str) -> dict[str, Any]:
    row = rrd.rows(recording, entity)[0]
    assert row.time("step") == 1
    return row.components


def test_a_histogram_is_a_bar_for_each_bin(recording: Path) -> None:
    """Over the middles of the bins, as wide as they are."""
    bars = _first(recording, "/counted")
    assert bars["BarChart:abscissa"][0]["buffer"] == [0.5, 2.0]
    assert bars["BarChart:widths"] == [1.0, 2.0]
    assert bars["BarChart:values"][0]["buffer"] == [3, 1]


def test_histograms_over_time_are_curves_of_percentiles(recording: Path) -> None:
    """One below the path for each of five; none where no value is finite."""
    for percent in (5, 25, 50, 75, 95):
        steps, values = rrd.scalars(recording, f"/weights/bands/p{percent:02d}")
        assert (steps.tolist(), values.tolist()) == ([1, 2], [percent, percent + 1])


def test_bars_without_names_are_reruns_own(recording: Path) -> None:
    """With their numbers; what is not finite would take the others out of sight."""
    assert _first(recording, "/bare")["BarChart:values"][0]["buffer"] == [1.5, 0, -3]


def test_what_needs_words_beside_it_is_a_picture(recording: Path) -> None:
    """The one that was drawn for it, to the last bit."""
    draws = [charts.draw_curve, charts.draw_bars, charts.draw_confusion]
    draws += [tokens.draw_tokens, tables.draw_table]
    for (path, visual), draw in zip(DRAWN.items(), draws, strict=True):
        ((step, shown),) = rrd.images(recording, f"/{path}")
        expected = draw(visual)
        blob = _first(recording, f"/{path}")["EncodedImage:blob"][0]
        assert (step, shown.size) == (1, (expected.width, expected.height))
        assert bytes(blob) == expected.data


def test_words_are_documents(recording: Path) -> None:
    """Plain or in Markdown, as they were given; tables in Markdown."""
    found = {at: (text, step) for step, at, text in rrd.documents(recording)}
    assert found["/sample"] == found["/report"] == ("Once *upon* <b>", 1)
    assert found["/worst"] == ("| true | said |\n| --- | --- |\n| 8 | 3\\|5 |", 1)
    kinds = {at: _first(recording, at)["TextDocument:media_type"] for at in ("/sample", "/report")}
    assert kinds == {"/sample": ["text/plain"], "/report": ["text/markdown"]}
