"""Variables of launchers that contradict each other are found, and those that agree are not."""

from __future__ import annotations

import pytest

from triptych.doctor.ranks import check_ranks


def _told(monkeypatch: pytest.MonkeyPatch, launcher: str) -> tuple[str, str, str]:
    for pair in launcher.split():
        monkeypatch.setenv(*pair.split("="))
    (finding,) = check_ranks()
    return finding.level, finding.what, finding.fix


@pytest.mark.parametrize(
    ("launcher", "who"),
    [
        ("", "no launcher has set one: a single process"),
        ("RANK=3 WORLD_SIZE=8 LOCAL_RANK=3 LOCAL_WORLD_SIZE=4 GROUP_RANK=0", "process 3 of 8"),
        ("RANK=-1", "a single process"),
        ("SLURM_PROCID=0 SLURM_NTASKS=8", "process 0 by its launcher"),
        ("SLURM_PROCID=1 SLURM_STEP_NUM_TASKS=2 RANK=9 WORLD_SIZE=16 LOCAL_RANK=1", "9 of 16"),
        ("TRIPTYCH_RANK=2 RANK=2 WORLD_SIZE=4", "process 2 of 4 by TRIPTYCH_RANK"),
    ],
)
def test_a_launcher_that_agrees_with_itself_is_green(
    monkeypatch: pytest.MonkeyPatch, launcher: str, who: str
) -> None:
    """Also where it is torchrun within SLURM, whose task is the node."""
    level, what, fix = _told(monkeypatch, launcher)
    assert (level, fix) == ("green", "")
    assert who in what


@pytest.mark.parametrize(
    ("launcher", "level", "what", "fix"),
    [
        ("RANK=4 WORLD_SIZE=4", "red", "RANK=4, but WORLD_SIZE=4", "unset RANK and WORLD_SIZE"),
        ("RANK=0 LOCAL_RANK=1", "red", "RANK=0, but LOCAL_RANK=1", "unset RANK"),
        ("RANK=1 TRIPTYCH_RANK=0", "red", "TRIPTYCH_RANK=0, but RANK=1", "unset TRIPTYCH_RANK"),
        ("RANK=0 SLURM_PROCID=3", "yellow", "RANK=0, but SLURM_PROCID=3", "unset RANK"),
        ("WORLD_SIZE=4", "red", "WORLD_SIZE=4, but no variable says which", "torchrun"),
        ("RANK=two", "red", "RANK is 'two', which is no rank", "correct or unset it"),
        ("RANK=0 LOCAL_RANK=x", "red", "LOCAL_RANK is 'x'", "correct or unset it"),
        ("SLURM_PROCID=8 SLURM_STEP_NUM_TASKS=8", "red", "SLURM_PROCID=8, but", "unset SLURM"),
    ],
)
def test_a_contradiction_is_found(
    monkeypatch: pytest.MonkeyPatch, launcher: str, level: str, what: str, fix: str
) -> None:
    """With the variables in it, and one thing to do."""
    found = _told(monkeypatch, launcher)
    assert found[0] == level
    assert what in found[1]
    assert fix in found[2]
