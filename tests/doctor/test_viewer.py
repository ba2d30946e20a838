"""A viewer of another version, and a machine that cannot draw, are found."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.support.viewer import NoVulkan
from triptych.doctor.viewer import check_viewer


def _on_path(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that a shell finds as `rerun`; drawing has nothing to draw with, which is fast."""
    program = folder / "rerun"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return program


@pytest.fixture
def _blind(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VK_DRIVER_FILES", "VK_ICD_FILENAMES"):
        monkeypatch.setenv(name, "/none.json")


@pytest.mark.usefixtures("_blind")
@pytest.mark.parametrize(
    ("script", "level", "what"),
    [
        ("echo 'rerun-cli 0.22.1 [rustc 1.81]'", "red", "is 0.22.1, but recordings are written"),
        ("echo 'rerun-cli 9.0.0-alpha.1'", "yellow", "is 9.0.0-alpha.1, but recordings"),
        ("echo what; exit 3", "red", "says 'what'"),
    ],
)
def test_another_viewer_on_the_path_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, level: str, what: str
) -> None:
    """An older one opens no recording of ours; and so is a machine without Vulkan."""
    program = _on_path(tmp_path, script, monkeypatch)
    viewer, drawing = check_viewer()
    assert viewer.level == level
    assert f"{program} {what}" in viewer.what
    assert viewer.fix
    assert drawing.level == "yellow"
    assert "no Vulkan driver" in drawing.what
    assert "mesa-vulkan-drivers" in drawing.fix


def test_the_viewer_of_the_package_is_green(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And draws."""
    _on_path(tmp_path, f"echo 'rerun-cli {version('rerun-sdk')} [rustc 1.92]'", monkeypatch)
    viewer, drawing = check_viewer()
    assert (viewer.level, viewer.fix) == ("green", "")
    if "no Vulkan driver" in drawing.what:
        raise NoVulkan(drawing.what)
    assert (drawing.level, drawing.fix) == ("green", "")
