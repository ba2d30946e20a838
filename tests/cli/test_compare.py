"""`triptych compare`, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from tests.support import two_runs
from triptych.archive.comparison import labels
from triptych.archive.find import find_runs
from triptych.archive.folder import RunFolder
from triptych.cli.app import app
from triptych.visuals.colours import class_colour


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs below ./runs."""
    place = tmp_path_factory.mktemp("home")
    two_runs.train(place / "runs")
    return place


@pytest.fixture
def names(home: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the runs are called, the slow one first."""
    monkeypatch.chdir(home)
    return sorted((path.parent.name[16:] for path in home.glob("runs/*/*/run.json")), reverse=True)


def test_runs_stand_side_by_side(names: list[str]) -> None:
    """What differs, and what came of it; what a run does not have is a dash."""
    done = CliRunner().invoke(app, ["compare", *names])
    assert done.exit_code == 0, done.output
    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows[0] == names
    for row in (
        ["step", "20", "30"],
        ["lr", "0.1", "0.2"],
        ["model.dropout", "-", "0.5"],
        ["train/loss", "0.34483", "0.12821"],
        ["least", "0.34483", "at", "20", "0.12821", "at", "30"],
        ["greatest", "0.5", "at", "20", "0.76923", "at", "30"],
        ["val/loss", "-", "0.25"],
        ["1", "more", "with", "--json"],
    ):
        assert row in rows
    assert not any("width" in line for line in done.stdout.splitlines())


def test_settings_stand_as_they_were_given(tmp_path: Path) -> None:
    """A seed to its last digit; only numbers that were logged are rounded."""
    for seed in (1024729182, 1024729183):
        folder = RunFolder.create(tmp_path, "digits")
        config = {"seed": seed, "amp": seed % 2 == 0}
        folder.write_json({"id": folder.id, "status": "finished", "config": config})
    ids = sorted(path.name for path in (tmp_path / "digits").iterdir())
    done = CliRunner().invoke(app, ["compare", *ids, "--root", str(tmp_path)])
    rows = [sorted(line.split()) for line in done.stdout.splitlines()]
    assert ["1024729182", "1024729183", "seed"] in rows
    assert ["False", "True", "amp"] in rows


def test_machines_get_all_of_it(names: list[str]) -> None:
    """By run, whatever it has."""
    slow, fast = names
    found = json.loads(CliRunner().invoke(app, ["compare", *names, "--json"]).stdout)
    assert list(found["runs"]) == names
    assert found["runs"][fast]["step"] == 30
    assert found["settings"]["model.dropout"] == {fast: 0.5}
    assert found["best"]["train/loss"] == "least"
    assert found["numbers"]["train/loss"][slow]["greatest"] == {"step": 1, "value": 1.0}
    assert "system/cpu" in found["numbers"]


def test_curves_can_be_saved_as_a_picture(names: list[str], tmp_path: Path) -> None:
    """Both runs are in it, each in its colour."""
    file = tmp_path / "curves.png"
    done = CliRunner().invoke(app, ["compare", *names, "--save", str(file)])
    assert done.exit_code == 0, done.output
    assert str(file) in done.stdout
    with Image.open(file) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    for place in range(2):
        assert (np.abs(pixels - class_colour(place)).max(axis=2) < 12).sum() > 300


@pytest.mark.parametrize("twice", [False, True])
def test_one_run_has_nothing_to_be_compared_with(names: list[str], *, twice: bool) -> None:
    """Nor one that is named twice."""
    runs = [names[0], names[0]] if twice else names[:1]
    done = CliRunner().invoke(app, ["compare", *runs])
    assert done.exit_code == 1
    assert done.stderr == "error: one run has nothing to be compared with; name another\n"


def test_labels_are_what_the_commands_take(names: list[str], home: Path) -> None:
    """An id without its time ends the id."""
    assert labels(find_runs(names, home / "runs")) == names
