"""The recording opens as a dashboard that shows what there is, seen by Rerun's own viewer."""

from __future__ import annotations

import logging
from collections import Counter
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import rerun.blueprint as rrb
from PIL import Image

import triptych
from tests.support import viewer
from triptych.dashboard import Dashboard
from triptych.sinks.rerun import RerunSink

RED = (200, 30, 60)
TRAIN, VAL = (90, 160, 240), (245, 160, 60)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> viewer.Report:
    """A training of three epochs with everything that the demo has, in a headless viewer."""
    root = tmp_path_factory.mktemp("runs")
    sinks = [RerunSink()]
    logger = logging.getLogger("digits.train")
    with triptych.run(
        "digits", "cnn", config={"lr": 1e-3}, root=root, sinks=sinks, console=False
    ) as run:
        for epoch in run.epochs(3):
            for _ in run.steps(range(40)):
                run.log({"train/loss": 5 / (5 + run.step), "train/acc": run.step / 150})
                run.log({"optim/lr": 1e-3})
            run.log({"train/batch": triptych.Image(np.full((60, 80, 3), RED, np.uint8))})
            with run.phase("val"):
                run.log({"val/loss": 6 / (5 + run.step), "val/acc": run.step / 160})
                boxes = {"boxes": [[1, 1, 5, 6]], "labels": [0], "scores": [0.7]}
                digit = np.arange(64).reshape(8, 8) / 63
                mask = np.eye(8, dtype=np.uint8)
                drawn = triptych.Image(digit, boxes, mask, [[2, 2]], ["three"], "3, is 8")
                run.log({"val/worst": drawn})
                run.log({"val/weights": triptych.Histogram(np.linspace(-1, 1, 50) ** 3)})
                run.log({"val/mistakes": triptych.Table(["true", "said"], [[8, 3]])})
            logger.warning("epoch %d is over", epoch)
        run.event("trained")
    return viewer.inspect(run.info.recording)


def _near(report: viewer.Report, colour: tuple[int, int, int]) -> int:
    """Counts the points of the window that have a colour, to within the blur of its edges."""
    with Image.open(BytesIO(report.png)) as shot:
        distance = np.abs(np.asarray(shot.convert("RGB")).astype(int) - colour)
    return int((distance.max(axis=2) <= 8).sum())


def test_no_view_has_a_problem(report: viewer.Report) -> None:
    """Neither a view nor the viewer's own log complains."""
    assert report.problems == []


def test_every_kind_of_thing_has_its_view(report: viewer.Report) -> None:
    """Losses, other numbers, pictures, tables, bars, words and the configuration."""
    assert [(view.name, view.kind, view.origin) for view in report.views] == [
        ("Config", "TextDocument", "/run/config"),
        ("Loss", "TimeSeries", "/"),
        ("Words", "TextLog", "/"),
        ("acc", "TimeSeries", "/"),
        ("optim/lr", "TimeSeries", "/"),
        ("train/batch", "2D", "/train/batch"),
        ("val/mistakes", "TextDocument", "/val/mistakes"),
        ("val/weights", "BarChart", "/val/weights"),
        ("val/worst", "2D", "/val/worst"),
    ]


def test_curves_picture_and_words_are_seen(report: viewer.Report) -> None:
    """Two curves in their own colours, the red picture, and the level of the warnings."""
    assert _near(report, TRAIN) > 150
    assert _near(report, VAL) > 150
    assert _near(report, RED) > 10_000
    assert _near(report, (255, 122, 20)) > 100


def _views(part: Any) -> list[Any]:
    children = [_views(child) for child in part.contents] if isinstance(part, rrb.Container) else []
    return [view for views in children for view in views] if children else [part]


def _names(dashboard: Dashboard) -> list[str]:
    return [view.name for view in _views(dashboard.blueprint().root_container)]


def test_an_empty_run_has_words_and_its_configuration() -> None:
    """Before anything is logged, there is something to see."""
    assert _names(Dashboard()) == ["Words", "Config"]


def test_what_is_measured_twice_shares_a_picture() -> None:
    """Losses first, then one view for each name that phases share, then what belongs together."""
    dashboard = Dashboard()
    for path in (
        "optim/lr",
        "val/loss",
        "val/acc",
        "train/acc",
        "train/kl_loss",
        "aaa",
        "time/a",
        "time/b",
    ):
        dashboard.numbers[path] += 1

    loss, acc, *others = _views(dashboard.blueprint().root_container)
    assert (loss.name, loss.contents) == ("Loss", ["/train/kl_loss", "/val/loss"])
    assert (acc.name, acc.contents) == ("acc", ["/train/acc", "/val/acc"])
    assert [view.name for view in others] == ["time", "aaa", "optim/lr", "Words", "Config"]


def test_few_values_are_marked_and_many_are_a_line() -> None:
    """A number that comes once an epoch would hardly be seen without markers."""
    dashboard = Dashboard()
    dashboard.numbers.update({"train/loss": 1000, "val/loss": 3})

    loss = _views(dashboard.blueprint().root_container)[0]
    drawn = {
        path: [type(one).__name__ for one in how] for path, how in loss.visualizer_overrides.items()
    }
    assert drawn == {
        "/train/loss": ["SeriesLines"],
        "/val/loss": ["SeriesLines", "SeriesPoints"],
    }


def test_there_are_never_too_many_pictures() -> None:
    """Six side by side; the rest is in the tree."""
    dashboard = Dashboard(pictures={f"val/{number}" for number in range(9)})

    assert _names(dashboard) == [*(f"val/{number}" for number in range(6)), "Words", "Config"]


def test_archetypes_find_their_place() -> None:
    """By what they are; what has no view of its own is left to the tree."""
    dashboard = Dashboard()
    for name in ("Points3D", "DepthImage", "LineStrips2D", "BarChart", "TextDocument", "Tensor"):
        dashboard.add(f"own/{name}", "", name)

    views = _views(dashboard.blueprint().root_container)
    assert [(type(view).__name__, view.name) for view in views[:-2]] == [
        ("Spatial2DView", "own/DepthImage"),
        ("Spatial2DView", "own/LineStrips2D"),
        ("Spatial3DView", "own/Points3D"),
        ("TextDocumentView", "own/TextDocument"),
        ("BarChartView", "own/BarChart"),
    ]


def test_the_outline_changes_with_what_is_shown() -> None:
    """So that a blueprint is sent again when it would differ, and only then."""
    dashboard = Dashboard(numbers=Counter({"loss": 3}))
    before = dashboard.outline()

    dashboard.numbers["loss"] += 1
    assert dashboard.outline() == before
    dashboard.numbers["loss"] += 100
    assert dashboard.outline() != before
    dashboard.pictures.add("val/pred")
    assert dashboard.outline() != before
