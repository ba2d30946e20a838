"""Versions that nobody has tried are found, from the metadata of what is installed."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from triptych.doctor.packages import check_packages


def _install(folder: Path, name: str, number: str) -> None:
    """What `importlib.metadata` takes for an installed package."""
    info = folder / f"{name}-{number}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n")


def test_versions_are_told() -> None:
    """Of Python, of what Triptych stands on, and of the frameworks that are there."""
    python, ours, frameworks = check_packages()
    assert {python.level, ours.level, frameworks.level} == {"green"}
    assert f"{version('triptych')} with rerun-sdk {version('rerun-sdk')}" in ours.what
    assert f"wandb {version('wandb')}" in ours.what
    assert f"torch {version('torch')}" in frameworks.what


def test_versions_that_do_not_fit_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red where Triptych needs the package, yellow where only a part of it does."""
    _install(tmp_path, "wandb", "0.19.0")
    _install(tmp_path, "lightning", "1.9.0")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = {finding.subject: finding for finding in check_packages()}
    assert "triptych" not in found
    assert found["wandb"].level == "red"
    assert found["wandb"].what == "is 0.19.0, and Triptych is made for <0.32,>=0.31"
    assert found["wandb"].fix == "pip install 'wandb<0.32,>=0.31'"
    assert found["lightning"].level == "yellow"
    assert found["lightning"].fix == "pip install 'lightning>=2.6'"
