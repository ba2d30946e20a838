"""The dry run notices when a panel has lost something."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from triptych.doctor.read_back import compare
from triptych.doctor.rehearsal import rehearse
from triptych.doctor.report import Report
from triptych.doctor.script import Script

RATE = 10.0


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Path]:
    """One dry run in this process, and its run folder."""
    root = tmp_path_factory.mktemp("runs")
    report = rehearse(root, RATE)
    (folder,) = root.glob("*/*")
    return report, folder


def test_everything_comes_back_from_every_panel(rehearsed: tuple[Report, Path]) -> None:
    """Numbers exactly, in W&B as the means of their windows; pictures but for their encoding."""
    report, _ = rehearsed
    assert {sink.name: sink.came_back for sink in report.sinks} == {
        "rerun": {"numbers": 1600, "pictures": 5, "lines": 10},
        "text": {"lines": 10},
        "wandb": {"numbers": 1600, "pictures": 5, "lines": 10},
    }
    assert [sink.problems for sink in report.sinks] == [(), (), ()]
    assert report.complaints == ()


def test_costs_are_measured(rehearsed: tuple[Report, Path]) -> None:
    """For each sink, and for training; all of them are some, and none is absurd."""
    report, folder = rehearsed
    assert 0 < report.call_ms <= report.slow_call_ms < 100
    assert all(0 < sink.step_ms < 100 for sink in report.sinks)
    rerun, text, wandb = (sink.bytes_per_hour for sink in report.sinks)
    # a step of 8 numbers is at least 8 bytes for each, and the step, in 36,000 steps
    assert rerun > 8 * (8 + 2) * RATE * 3600
    assert rerun < (folder / "recording-1.rrd").stat().st_size / 200 * RATE * 3600
    assert wandb > text > 0
    assert Report.from_json(report.to_json()) == report


def test_what_is_lost_is_noticed(rehearsed: tuple[Report, Path], tmp_path: Path) -> None:
    """Lines that are cut off, a recording that is gone, a W&B file that ends early."""
    folder = tmp_path / "run"
    shutil.copytree(rehearsed[1], folder, symlinks=True)
    script = Script.make()
    log = folder / "train.log"
    log.write_text(log.read_text("utf-8").replace("line of step 20 ", ""), "utf-8")
    assert compare("text", folder, script) == ({"lines": 9}, ("1 of 10 lines did not come back",))

    (folder / "recording-1.rrd").unlink()
    came_back, problems = compare("rerun", folder, script)
    assert came_back == {}
    assert problems[0].startswith("cannot be read: ")

    (file,) = folder.glob("wandb/*run-*/*.wandb")
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    came_back, problems = compare("wandb", folder, script)
    assert came_back["numbers"] < 1600
    assert problems
