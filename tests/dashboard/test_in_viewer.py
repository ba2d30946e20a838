"""The recording opens as a dashboard that shows what there is, seen by Rerun's own viewer."""

from __future__ import annotations

import logging
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import rerun as rr
from PIL import Image

import triptych
from tests.support import viewer
from triptych.dashboard.naming import COLOURS
from triptych.sinks.rerun import RerunSink

RED = (200, 30, 60)
WARNING = (255, 122, 20)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, viewer.Sight]:
    """A training of three epochs with every kind of thing: the window, and each view alone."""
    root = tmp_path_factory.mktemp("runs")
    logger = logging.getLogger("digits.train")
    with triptych.run(
        "digits", "cnn", config={"lr": 1e-3}, root=root, sinks=[RerunSink()], console=False
    ) as run:
        for epoch in run.epochs(3):
            for _ in run.steps(range(40)):
                run.log({"train/loss": 5 / (5 + run.step), "train/acc": run.step / 150})
                run.log({"train/lr": 1e-3, "time/step_p50": 0.02})
            run.log({"train/batch": triptych.Image(np.full((60, 80, 3), RED, np.uint8))})
            with run.phase("val"):
                run.log({"val/loss": 6 / (5 + run.step), "val/acc": run.step / 160})
                run.log({"val/scene": rr.Points3D(np.eye(3), radii=0.2)})
                run.log({"val/weights": triptych.Histogram(np.linspace(-1, 1, 50) ** 3)})
                run.log({"val/mistakes": triptych.Table(["true", "said"], [[8, 3]])})
            logger.warning("epoch %d is over", epoch)
    return viewer.inspect_each(run.info.recording)


def _pixels(png: bytes) -> np.ndarray:
    with Image.open(BytesIO(png)) as shot:
        return np.asarray(shot.convert("RGB")).astype(int)


def _near(sight: viewer.Sight, colour: tuple[int, int, int]) -> int:
    """Counts the points of a picture that have a colour, to within the blur of its edges."""
    return int((np.abs(_pixels(sight.png) - colour).max(axis=2) <= 8).sum())


def test_every_kind_of_thing_has_its_view(seen: dict[str, viewer.Sight]) -> None:
    """Losses, other numbers, pictures, scenes, tables, bars, phases, words and pages."""
    assert [(view.name, view.kind, view.origin) for view in seen[""].views] == [
        ("Config", "TextDocument", "/run/config"),
        ("Learning rate", "TimeSeries", "/"),
        ("Loss", "TimeSeries", "/"),
        ("Phases", "StateTimeline", "/phase"),
        ("Summary", "TextDocument", "/run/summary"),
        ("Words", "TextLog", "/"),
        ("acc", "TimeSeries", "/"),
        ("log10 of loss", "TimeSeries", "/"),
        ("time/step_p50", "TimeSeries", "/"),
        ("train/batch", "2D", "/train/batch"),
        ("val/mistakes", "TextDocument", "/val/mistakes"),
        ("val/scene", "3D", "/val/scene"),
        ("val/weights", "BarChart", "/val/weights"),
        ("val/weights over time", "TimeSeries", "/val/weights"),
    ]


def test_no_view_has_a_problem(seen: dict[str, viewer.Sight]) -> None:
    """Neither a view, also one behind another tab, nor the viewer's own log complains."""
    assert {name: sight.problems for name, sight in seen.items() if sight.problems} == {}


def test_no_view_is_empty(seen: dict[str, viewer.Sight]) -> None:
    """Each shows more than the grey of the window."""
    bare = [name for name, sight in seen.items() if _pixels(sight.png).max() < 100]
    assert bare == []


def test_curves_picture_phases_and_words_are_seen(seen: dict[str, viewer.Sight]) -> None:
    """In the window that a newcomer opens, in their colours; phases have those of the curves."""
    train, val = COLOURS[:2]
    assert _near(seen[""], train) > 150
    assert _near(seen[""], val) > 150
    assert _near(seen[""], RED) > 10_000
    assert _near(seen[""], WARNING) > 100
    for sight in (seen["Loss"], seen["log10 of loss"]):
        assert _near(sight, train) > 500
        assert _near(sight, val) > 300


def test_a_long_training_is_seen_whole(tmp_path: Path) -> None:
    """The curve from its first step, as wide as the plot: the viewer alone shows 2,000 steps."""
    with triptych.run("long", root=tmp_path, sinks=[RerunSink()], console=False) as run:
        for _ in run.steps(range(6000)):
            run.log({"train/loss": 1 - run.step / 6000})

    plot = _pixels(viewer.inspect(run.info.recording, view="Loss").png)
    drawn = (np.abs(plot - COLOURS[0]).max(axis=2) <= 8).any(axis=0)

    assert drawn.mean() > 0.9
