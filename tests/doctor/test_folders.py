"""A folder that cannot be written to, and a disk that is full, are found by writing."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from triptych.doctor.finding import Finding
from triptych.doctor.folders import check_folders, check_root, scratch


@contextmanager
def _mounted(place: Path, options: str) -> Iterator[Path]:
    """A small disk of its own; skips where that takes rights that nobody has here."""
    place.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "triptych-test", str(place)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("There is no mount here.")
    if done.returncode:
        pytest.skip(f"No disk can be mounted here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def _assert_red(finding: Finding, what: str, fix: str = "a folder that you can write to") -> None:
    assert finding.level == "red", finding
    assert what in finding.what
    assert finding.fix == f"pass --root, and root= in training, {fix}"


def test_a_read_only_disk_is_red(tmp_path: Path) -> None:
    """Root may write to folders that say no, but not there."""
    with _mounted(tmp_path / "disk", "ro,size=4m") as disk:
        _assert_red(check_root(disk), f"{disk} cannot be written to: Read-only file system")
        _assert_red(check_root(disk / "runs"), "Read-only file system")


def test_a_full_disk_is_red(tmp_path: Path) -> None:
    """Also where a few bytes still fit, and where much too little is free."""
    another = "a folder on another disk"
    with _mounted(tmp_path / "disk", "size=4m") as disk:
        _assert_red(check_root(disk), "MB free, too little for a run", another)
        (disk / "ballast").write_bytes(bytes(2**22 - 2**17))
        _assert_red(check_root(disk), f"{disk} cannot be written to: it is full", another)
        assert [path.name for path in disk.iterdir()] == ["ballast"]


@pytest.mark.skipif(os.geteuid() == 0, reason="Root may write to any folder.")
def test_a_folder_of_somebody_else_is_red(tmp_path: Path) -> None:
    """As its rights say."""
    tmp_path.chmod(0o500)
    _assert_red(check_root(tmp_path), "Permission denied")


def test_a_file_in_its_place_is_red(tmp_path: Path) -> None:
    """In that of the folder, or of one above it."""
    (tmp_path / "runs").touch()
    _assert_red(check_root(tmp_path / "runs"), "there is a file of that name")
    _assert_red(check_root(tmp_path / "runs" / "below"), "Not a directory")


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """Not even the folders that had to be made, unless somebody has put something there."""
    root = tmp_path / "all" / "runs"
    with scratch(root) as folder:
        assert folder.parent == root
    assert list(tmp_path.iterdir()) == []
    with scratch(root):
        (root / "digits").mkdir()
    assert (root / "digits").is_dir()


def test_room_is_told(tmp_path: Path) -> None:
    """Of the folder of all runs, and of that for temporary files."""
    runs, temporary = check_folders(tmp_path)
    assert runs.what.startswith(f"{tmp_path} has ")
    assert temporary.what.startswith(f"{tempfile.gettempdir()} has ")
    assert [runs.subject, temporary.subject] == ["folder", "temporary"]
    assert "red" not in (runs.level, temporary.level)
