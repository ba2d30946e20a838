"""`triptych screenshot` takes a picture, or says in one line why there is none."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import triptych
from tests.support import environment
from triptych.sinks.rerun import RerunSink

GREEN = (20, 200, 60)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> triptych.Run:
    """A run of two steps whose picture is red, then green."""
    root = tmp_path_factory.mktemp("home") / "runs"
    with triptych.run("shots", root=root, sinks=[RerunSink()], console=False) as run:
        for colour in run.steps([(200, 20, 60), GREEN]):
            run.log({"train/loss": 1 / run.step})
            run.log({"val/pred": triptych.Image(np.full((8, 8, 3), colour, np.uint8))})
    return run


def _triptych(home: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from triptych.cli import main; main()", *arguments]
    return subprocess.run(
        command,
        cwd=home,
        env=environment.isolated(home) | {"COLUMNS": "300"} | env,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


def _centre(file: Path) -> tuple[int, ...]:
    with Image.open(BytesIO(file.read_bytes())) as picture:
        middle = picture.convert("RGB").getpixel((picture.width // 2, picture.height // 2))
    assert isinstance(middle, tuple)
    return middle


def test_the_newest_run_is_in_the_picture(run: triptych.Run) -> None:
    """In a file named after it, of the size that was asked for."""
    home = run.dir.parents[2]
    done = _triptych(home, "screenshot", "latest", "--size", "800x600")

    assert (done.returncode, done.stdout) == (0, f"{run.id}.png\n"), done.stderr
    with Image.open(home / f"{run.id}.png") as picture:
        assert picture.size == (800, 600)


def test_one_view_at_one_step(run: triptych.Run) -> None:
    """By its path; the recording is named by its file."""
    home = run.dir.parents[2]
    wanted = ("--view", "val/pred", "--step", "2", "--output", "green.png")
    done = _triptych(home, "screenshot", str(run.info.recording), *wanted, "--size", "800x600")

    assert (done.returncode, done.stdout) == (0, "green.png\n"), done.stderr
    assert _centre(home / "green.png") == GREEN


def test_a_curve_is_found_by_its_path_among_others(run: triptych.Run) -> None:
    """The view it is in; the names of views are read without regard to capitals."""
    home = run.dir.parents[2]
    for view, file in (("train/loss", "curve.png"), ("loss", "named.png")):
        wanted = ("--view", view, "--output", file, "--size", "800x600")
        done = _triptych(home, "screenshot", "latest", *wanted)
        assert (done.returncode, done.stdout) == (0, f"{file}\n"), done.stderr

    assert (home / "curve.png").read_bytes() == (home / "named.png").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("shots-that-never-was",), 1, "no run 'shots-that-never-was' in"),
        (("gone.rrd",), 1, "There is no recording 'gone.rrd'."),
        (("latest", "--view", "lost", "--size", "400x300"), 1, "no view 'lost'; there are 'Loss'"),
        (("latest", "--step", "3", "--size", "400x300"), 1, "no step 3: the recording has 1 to 2"),
        (("latest", "--size", "large"), 2, "'large' is no size such as 1600x1000"),
    ],
)
def test_what_goes_wrong_is_said_in_a_line(
    run: triptych.Run, arguments: tuple[str, ...], code: int, message: str
) -> None:
    """With the exit code of its kind, and no traceback."""
    done = _triptych(run.dir.parents[2], "screenshot", *arguments)

    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_machine_that_cannot_draw_is_told_what_to_install(run: triptych.Run) -> None:
    """Exit code 3, so that a script can tell it apart."""
    nowhere = {"VK_DRIVER_FILES": "/none.json", "VK_ICD_FILENAMES": "/none.json"}
    done = _triptych(run.dir.parents[2], "screenshot", "latest", **nowhere)

    assert (done.returncode, done.stdout) == (3, "")
    assert "mesa-vulkan-drivers" in done.stderr
