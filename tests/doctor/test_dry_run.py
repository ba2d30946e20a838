"""A dry run in a process of its own: what it says, and what it leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from triptych.doctor.dry_run import DryRun


def test_a_dry_run_leaves_nothing_but_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever rank a launcher has given this process, and with W&B switched off."""
    monkeypatch.setenv("RANK", "3")
    monkeypatch.setenv("WANDB_MODE", "disabled")
    dry = DryRun(tmp_path / "runs", 10.0)
    findings = dry.check()
    assert [(finding.level, finding.subject) for finding in findings] == [
        ("green", "rerun"),
        ("green", "text"),
        ("green", "training"),
        ("green", "disk use"),
    ], findings
    assert "1,600 numbers, 5 pictures and 10 lines came back; " in findings[0].what
    assert "an hour at 10 steps per second with 8 numbers each (rerun " in findings[-1].what
    assert dry.report is not None
    assert dry.report.rate == 10.0
    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_there_is_no_dry_run(tmp_path: Path) -> None:
    """And one is told to mend that first."""
    (tmp_path / "runs").touch()
    dry = DryRun(tmp_path / "runs", 10.0)
    (finding,) = dry.check()
    assert (finding.level, finding.what) == ("yellow", "is not made, as there is no place for it")
    assert dry.report is None
