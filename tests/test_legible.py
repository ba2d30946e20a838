"""A recording with letters that the viewer without a window lacks can be looked at all the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import rerun as rr
import rerun.blueprint as rrb

from tests.support import rrd
from triptych.legible import _MISSING, BOX, legible
from triptych.viewer import NoVulkan, open_viewer


def _record(path: Path, mark: str) -> Path:
    """Three steps of a document, a log line, a label and a number, and a layout."""
    stream = rr.RecordingStream("legible")
    views = [rrb.TextDocumentView(name="words", origin="/words"), rrb.TextLogView(name="log")]
    layout = rrb.Blueprint(rrb.Horizontal(*views), auto_views=False)
    stream.save(path, default_blueprint=layout)
    for step in range(3):
        stream.set_time("step", sequence=step)
        stream.log("/words", rr.TextDocument(f"größer {mark} {step}"))
        stream.log("/words/below", rr.Points2D([[1, 2]], labels=[f"point {step}"]))
        stream.log("/log", rr.TextLog(f"{mark} done", level="INFO"))
        stream.log("/loss", rr.Scalars(step))
    stream.disconnect()
    return path


def test_letters_that_are_there_cost_no_copy(tmp_path: Path) -> None:
    """Other alphabets, arrows, marks and control characters are drawn."""
    recording = _record(tmp_path / "plain.rrd", "Привет ε → ✓ \t\x07")
    assert legible(recording, tmp_path, rrd.executable()) == [recording]


def test_only_what_is_missing_becomes_a_box(tmp_path: Path) -> None:
    """Everything else is as it was, at its step, and once."""
    recording = _record(tmp_path / "odd.rrd", "\U0001f389 \u4e2d")
    without, replaced = legible(recording, tmp_path, rrd.executable())
    assert rrd.documents(without) == rrd.text_log(without) == []
    assert rrd.documents(replaced) == [(k, "/words", f"größer {BOX} {BOX} {k}") for k in range(3)]
    assert rrd.text_log(replaced) == [(k, "/log", "INFO", f"{BOX} {BOX} done") for k in range(3)]
    (labels,) = (
        [row.components["Points2D:labels"] for row in found]
        for found in (rrd.rows(without, "/words/below") + rrd.rows(replaced, "/words/below"),)
    )
    assert labels == [[f"point {step}"] for step in range(3)]
    assert rrd.scalars(without, "/loss")[1].tolist() == [0, 1, 2]
    assert rrd.documents(recording)[0][2] == "größer \U0001f389 \u4e2d 0"


def test_the_viewer_shows_it(tmp_path: Path) -> None:
    """In the layout that came with it, and without ending itself."""
    recording = _record(tmp_path / "odd.rrd", "\U0001f600 \u2705 \u0e44 \u05d0 \u2581")
    try:
        with open_viewer() as viewer:
            viewer.open(recording)
            viewer.go_to()
            sight = viewer.look()
    except NoVulkan as missing:
        pytest.skip(str(missing))
    assert [view.name for view in sight.views] == ["log", "words"]
    assert sight.problems == []


def test_the_letters_that_are_kept_are_drawn(tmp_path: Path) -> None:
    """All of those that are let pass, in one text: the viewer would end itself at the first."""
    letters = "".join(map(chr, (*range(32, 0xD800), *range(0xE000, 0x10000), 0x1F600)))
    stream = rr.RecordingStream("legible")
    stream.save(tmp_path / "all.rrd")
    stream.log("/words", rr.TextDocument(_MISSING.sub("", letters)), static=True)
    stream.disconnect()
    try:
        with open_viewer() as viewer:
            viewer.open(tmp_path / "all.rrd")
            sight = viewer.look()
    except NoVulkan as missing:
        pytest.skip(str(missing))
    assert [view.kind for view in sight.views] == ["TextDocument"]
