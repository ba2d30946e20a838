"""A picture of the recording reaches W&B, or the log says why not; training is never in danger."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import triptych
from tests.support import run_folder
from triptych.viewer.headless import NoVulkan, open_viewer

RED = (200, 30, 60)


@pytest.fixture(scope="module")
def panels(tmp_path_factory: pytest.TempPathFactory) -> run_folder.Panels:
    """A run with a snapshot of one view in the middle, and one of the dashboard at its end."""
    try:
        with open_viewer((200, 100)):
            pass
    except NoVulkan as why:
        pytest.skip(str(why))
    root = tmp_path_factory.mktemp("runs")
    with triptych.run("shots", root=root, wandb="offline", console=False, snapshot=True) as run:
        for step in run.steps(range(1, 4)):
            run.log({"train/loss": 1 / step})
            if step == 2:
                run.log({"val/pred": triptych.Image(np.full((8, 8, 3), RED, np.uint8))})
                assert run.snapshot("val/pred") == run.dir / "snapshots" / "val-pred-end.png"
    return run_folder.find(root)


def test_snapshots_are_pictures_in_wandb(panels: run_folder.Panels) -> None:
    """At the step at which they were taken: one view alone, and the dashboard of the whole run."""
    history = panels.wandb.history
    shots = [row for row in history if any(key.startswith("snapshot/") for key in row)]
    assert [row["trainer/global_step"] for row in shots] == [2, 3]
    view, dashboard = (
        panels.wandb.folder / "files" / panels.wandb.media(f"snapshot/{name}")[0]["path"]
        for name in ("val/pred", "dashboard")
    )

    with Image.open(BytesIO(view.read_bytes())) as picture:
        red = picture.convert("RGB").getpixel((picture.width // 2, picture.height // 2))
    assert np.abs(np.subtract(red, RED)).max() < 8
    with Image.open(BytesIO(dashboard.read_bytes())) as picture:
        assert picture.size == (1600, 1000)


def test_snapshots_are_files_of_the_run(panels: run_folder.Panels) -> None:
    """For those who have no W&B."""
    names = {file.name for file in (panels.folder / "snapshots").iterdir()}
    assert names == {"val-pred-end.png", "dashboard-end.png"}


def test_without_a_driver_the_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log says what to install, and the run finishes."""
    for name in ("VK_DRIVER_FILES", "VK_ICD_FILENAMES"):
        monkeypatch.setenv(name, str(tmp_path / "no-driver.json"))
    with triptych.run("shots", root=tmp_path, wandb=False, console=False) as run:
        run.log({"loss": 1.0})
        assert run.snapshot() is None

    assert run.status == triptych.Status.FINISHED
    log = run_folder.find(tmp_path).log
    assert "There is no snapshot of the recording" in log
    assert "mesa-vulkan-drivers" in log


def test_a_run_that_writes_no_recording_has_no_snapshot(tmp_path: Path) -> None:
    """Said in the log, and nothing is raised."""
    with triptych.run("shots", root=tmp_path, sinks=[], console=False) as run:
        assert run.snapshot() is None
