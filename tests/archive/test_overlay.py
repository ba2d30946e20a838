"""`overlay`: several runs as one recording, seen by Rerun's own viewer."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support import rrd, two_runs, viewer
from triptych.archive.comparison import labels
from triptych.archive.folder import RunFolder
from triptych.archive.overlay import overlay
from triptych.dashboard.naming import COLOURS

GREEN, RED = (20, 200, 60), (200, 30, 60)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, RunFolder]:
    """Two runs, the slow one first."""
    return two_runs.train(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def whole(runs: tuple[RunFolder, RunFolder], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both in one recording."""
    return overlay(runs, tmp_path_factory.mktemp("view") / "both.rrd")


@pytest.fixture(scope="module")
def seen(runs: tuple[RunFolder, RunFolder], whole: Path) -> dict[str, viewer.Sight]:
    """The window, and some views alone."""
    pictures = [f"{name}/val/pred" for name in labels(runs)]
    with viewer.viewer((1000, 700)) as opened:
        opened.open(whole)
        opened.go_to()
        return {name: opened.look(name or None) for name in ("", "train/loss", *pictures)}


def _near(sight: viewer.Sight, colour: tuple[int, int, int]) -> int:
    """Counts the points of a picture that have a colour."""
    with Image.open(BytesIO(sight.png)) as shot:
        pixels = np.asarray(shot.convert("RGB")).astype(int)
    return int((np.abs(pixels - colour).max(axis=2) <= 8).sum())


def test_each_run_lies_below_its_name(runs: tuple[RunFolder, RunFolder], whole: Path) -> None:
    """In one recording, with every number."""
    slow, fast = labels(runs)
    for name, steps in ((slow, 20), (fast, 30)):
        assert rrd.scalars(whole, f"/{name}/train/loss")[0].tolist() == list(range(1, steps + 1))
    said = {(entity, text) for _, entity, _, text in rrd.text_log(whole)}
    assert (f"/{fast}/logs/trainer", "fast is done") in said
    assert rrd.verify(whole) == 0


def test_a_page_says_in_what_they_differ(runs: tuple[RunFolder, RunFolder], whole: Path) -> None:
    """Settings, and the newest numbers."""
    slow, fast = labels(runs)
    ((_, _, page),) = [one for one in rrd.documents(whole) if one[1] == "/differences"]
    assert f"| setting | {slow} | {fast} |" in page
    assert "| lr | 0.1 | 0.2 |" in page
    assert "| model.dropout | - | 0.5 |" in page
    assert "width" not in page
    assert "| train/loss | 0.34483 | 0.12821 |" in page


def test_the_curves_of_one_path_share_a_plot(
    runs: tuple[RunFolder, RunFolder], seen: dict[str, viewer.Sight]
) -> None:
    """A colour for each run; pictures have a view for each, and nothing complains."""
    slow, fast = labels(runs)
    names = [view.name for view in seen[""].views]
    assert names == sorted(
        [
            *("Differences", slow, fast, f"{slow}/val/pred", f"{fast}/val/pred"),
            *("train/loss", "log10 of train/loss", "train/acc", "train/lr", "system/cpu"),
        ]
    )
    assert [problem for sight in seen.values() for problem in sight.problems] == []
    for colour in COLOURS[:2]:
        assert _near(seen["train/loss"], colour) > 50
    assert _near(seen[f"{fast}/val/pred"], GREEN) > 10_000
    assert _near(seen[f"{slow}/val/pred"], RED) > 10_000
