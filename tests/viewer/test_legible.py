"""A recording with letters that the viewer without a window lacks can be looked at all the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import rerun as rr
import rerun.blueprint as rrb

from tests.support import rrd
from triptych.viewer.headless import NoVulkan, open_viewer
from triptych.viewer.legible import _MISSING, BOX, legible, spelled


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


def test_two_names_of_entities_stay_two() -> None:
    """Letters that are missing are written as their numbers, also where Rerun has escaped them."""
    assert spelled("/val/\u4e2d\u6587") == "/val/4e2d6587"
    assert spelled("/val/\\u{1F389}\\ x") == spelled("/val/\U0001f389\\ x") == "/val/1f389\\ x"
    assert spelled("/größe/\\u{25A1}") == "/größe/\\u{25A1}"


def test_names_of_views_and_entities_are_replaced_too(tmp_path: Path) -> None:
    """In legends, above views, in the log; a view is found by the name that it was given."""
    views = [
        rrb.TextDocumentView(name=f"val/{mark}", origin=str(rr.new_entity_path(["val", mark])))
        for mark in ("\u4e2d", "\u6587")
    ]
    path = str(rr.new_entity_path(["loss \U0001f389"]))
    curve = {path: rr.SeriesLines(names="loss \U0001f389")}
    views += [
        rrb.TimeSeriesView(name="\U0001f389", contents=[path], overrides=curve),
        rrb.TextLogView(name="log", contents="/\u0644\u0648/**"),
    ]
    stream = rr.RecordingStream("legible")
    stream.save(tmp_path / "odd.rrd")
    stream.send_blueprint(rrb.Blueprint(rrb.TextDocumentView(name="early"), auto_views=False))
    stream.send_blueprint(rrb.Blueprint(rrb.Grid(*views, name="\u4e2d"), auto_views=False))
    for step in range(2):
        stream.set_time("step", sequence=step)
        stream.log("val/\u4e2d", rr.TextDocument("one"))
        stream.log("val/\u6587", rr.TextDocument("the other"))
        stream.log(path, rr.Scalars(step))
        stream.log("\u0644\u0648", rr.TextLog("plain"))
    stream.disconnect()
    try:
        with open_viewer((800, 600)) as viewer:
            viewer.open(tmp_path / "odd.rrd")
            viewer.go_to()
            sight = viewer.look()
            other = viewer.look("val/\u6587")
            one = viewer.look("val/\u4e2d")
    except NoVulkan as missing:
        pytest.skip(str(missing))
    assert sorted((view.name, view.kind, view.origin) for view in sight.views) == [
        ("log", "TextLog", "/"),
        (f"val/{BOX}", "TextDocument", "/val/4e2d"),
        (f"val/{BOX}", "TextDocument", "/val/6587"),
        (BOX, "TimeSeries", "/"),
    ]
    assert sight.problems == []
    assert other.png != one.png


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
