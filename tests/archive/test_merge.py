"""The attempts of a run as one recording, made with real runs in one process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import triptych
from tests.support import rrd
from triptych import Run
from triptych.archive.folder import RunFolder
from triptych.archive.merge import merged
from triptych.sinks.rerun import RerunSink

_BOX = np.array([[1.0, 1.0, 5.0, 5.0]])


def _attempt(run: Run, steps: range) -> None:
    """A number and a line at each step, a picture at each tenth; there the second validates."""
    number = run.info.attempt
    run.restore(steps.start - 1)
    for step in steps:
        run.advance()
        run.log({"train/loss": number + step / 1000})
        if step % 10 == 0:
            pixels = np.full((8, 8, 3), number, np.uint8)
            boxes = {"boxes": _BOX, "labels": ["seven"]} if number == 1 else None
            run.log({"pred": triptych.Image(pixels, boxes=boxes)})
            if number == 2:
                with run.phase("val"):
                    run.log({"val/loss": 0.5})
        run.event(f"made {step}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Steps 1 to 35; again from 21 to 52, and a validation; again from 41 to 60."""
    root = tmp_path_factory.mktemp("runs")
    wishes = triptych.Dashboard(group={"Of my own": ["val/*"]})
    how = {"root": root, "sinks": [RerunSink()], "console": False}
    with triptych.run("digits", "cnn", dashboard=wishes, **how) as run:
        _attempt(run, range(1, 36))
        for steps in (range(21, 53), range(41, 61)):
            run.begin_attempt()
            _attempt(run, steps)
    return run.dir


@pytest.fixture(scope="module")
def whole(folder: Path) -> Path:
    """All of it."""
    return merged(folder, folder / "whole.rrd")


def test_each_step_stands_once_and_is_that_of_the_later_attempt(whole: Path) -> None:
    """Numbers and pictures; what lay over an earlier picture is gone with it."""
    steps, values = rrd.scalars(whole, "/train/loss")
    assert steps.tolist() == list(range(1, 61))
    assert values.tolist() == [
        (1 if k <= 20 else 2 if k <= 40 else 3) + k / 1000 for k in range(1, 61)
    ]
    assert rrd.scalars(whole, "/log10/train/loss")[0].tolist() == list(range(1, 61))
    seen = {step: picture.getpixel((0, 0)) for step, picture in rrd.images(whole, "/pred")}
    assert seen == {k: n for k in range(10, 61, 10) for n in [1 + (k > 20) + (k > 40)]}
    boxes = {row.time("step"): row.components for row in rrd.rows(whole, "/pred/boxes")}
    assert {step for step, parts in boxes.items() if "Boxes2D:centers" in parts} == {10, 20}
    assert {step for step, parts in boxes.items() if "Clear:is_recursive" in parts} == {30, 50}


def test_every_line_of_every_attempt_stays(whole: Path) -> None:
    """What was said was said."""
    said = [text for _, entity, _, text in rrd.text_log(whole) if entity == "/events"]
    made = [k for steps in (range(1, 36), range(21, 53), range(41, 61)) for k in steps]
    assert sorted(said) == sorted(f"made {k}" for k in made)


def test_it_is_one_sound_recording_that_says_how_the_run_ended(whole: Path) -> None:
    """With the configuration, the end and the dashboard of the whole run."""
    from rerun.chunk import RrdReader

    assert rrd.verify(whole) == 0
    (store,) = RrdReader(whole).recordings()
    assert store.application_id == "digits"
    assert rrd.properties(whole)["ending"]["status"] == ["finished"]
    assert whole.stat().st_mode & 0o777 == 0o600


def test_the_dashboard_shows_what_only_an_earlier_attempt_has_logged(whole: Path) -> None:
    """The validation was in the second of three; and where the user wanted it."""
    from rerun.chunk import RrdReader

    reader = RrdReader(whole)
    newest = reader.blueprints()[-1]
    texts = [chunk.format(width=4000) for chunk in reader.stream(store=newest)]
    assert any("val/loss" in text for text in texts)
    assert any("Of my own" in text for text in texts)


def test_a_name_above_everything_keeps_runs_apart(folder: Path, tmp_path: Path) -> None:
    """Every path below it, without what can be there once only."""
    found = merged(folder, tmp_path / "below.rrd", under="my run/1")
    entities = rrd.entities(found)
    assert {name.partition("/train")[0] for name in entities if name.endswith("/train/loss")} == {
        r"/my\ run/1",
        r"/my\ run/1/log10",
    }
    assert all(name.startswith(r"/my\ run/1/") for name in entities)
    assert rrd.scalars(found, r"/my\ run/1/train/loss")[0].tolist() == list(range(1, 61))
    assert rrd.verify(found) == 0


def test_a_resumed_run_says_how_it_opens_as_one(tmp_path: Path) -> None:
    """The viewer by itself shows each attempt as a recording; the wishes for its layout stay."""
    wishes = triptych.Dashboard(pin=["b"])
    for resume in (None, "latest"):
        how = {"root": tmp_path, "sinks": [RerunSink()], "console": False, "resume": resume}
        with triptych.run("digits", dashboard=None if resume else wishes, **how) as run:
            run.log({"a": 1.0})
            hint = run.hints["rerun"]
    assert hint.endswith(f"triptych view {run.dir}")
    assert run.info.dashboard == wishes


def test_a_run_of_one_attempt_is_its_recording(tmp_path: Path) -> None:
    """Nothing needs to be put together."""
    with triptych.run("digits", root=tmp_path, sinks=[RerunSink()], console=False) as run:
        run.log({"a": 1.0})
    found = merged(run.dir, tmp_path / "one.rrd")
    assert found.read_bytes() == run.info.recording.read_bytes()


def test_a_run_without_a_recording_is_said(tmp_path: Path) -> None:
    """Its sinks were others."""
    folder = RunFolder.create(tmp_path, "digits")
    with pytest.raises(FileNotFoundError, match="there is no recording in"):
        merged(folder.path, tmp_path / "one.rrd")
