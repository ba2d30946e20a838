"""Whether a disk has room left, looked at as often as that may change."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from triptych.pipeline.room import RESERVE, Room


@pytest.mark.parametrize(("free", "looks"), [(2**40, 1), (2**28, 3)])
def test_a_disk_is_looked_at_each_time_unless_it_has_plenty(
    free: int, looks: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look costs training a tenth of a millisecond."""
    seen: list[Path] = []
    usage = SimpleNamespace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: (seen.append(place), usage)[1])
    room = Room("some")
    assert all(room.look(tmp_path, at_end=False) for _ in range(3))
    assert len(seen) == looks

    usage.free = RESERVE - 1
    assert room.look(tmp_path, at_end=False) == (looks == 1)
