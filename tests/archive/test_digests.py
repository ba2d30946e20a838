"""Digests of files and folders are those of `sha256sum`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from triptych.archive.digests import Digest, digest


def _sha256sum(command: str, folder: Path) -> str:
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.split()[0]


def test_a_file_has_the_digest_that_sha256sum_prints(tmp_path: Path) -> None:
    """And its size."""
    (tmp_path / "a").write_bytes(bytes(range(256)) * 10_000)
    assert digest(tmp_path / "a") == Digest(_sha256sum("sha256sum a", tmp_path), 2_560_000)


def test_a_folder_has_the_digest_of_the_list_that_sha256sum_prints(tmp_path: Path) -> None:
    """Whatever the names: in the order of their bytes, at every depth."""
    for name in ("b", "a/z", "a b", "B", "ä", "a/deep/er"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    listed = "find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum"
    assert digest(tmp_path) == Digest(_sha256sum(listed, tmp_path), 1 + 3 + 3 + 1 + 2 + 9)


def test_a_folder_changes_its_digest_with_a_name(tmp_path: Path) -> None:
    """The same bytes in another file are another data set."""
    (tmp_path / "a").write_text("x")
    before = digest(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    assert digest(tmp_path) != before


def test_a_file_that_cannot_be_read_raises(tmp_path: Path) -> None:
    """Also in a folder: a digest of the rest would be that of something else."""
    (tmp_path / "a").symlink_to(tmp_path / "missing")
    with pytest.raises(FileNotFoundError, match="a"):
        digest(tmp_path)
