"""W&B's own process: whether it is still there, asked at every write."""

from __future__ import annotations

import os
import subprocess

import psutil
import pytest

from tests.support.threads import wait_until
from triptych.sinks.wandb.start import has_ended


@pytest.mark.parametrize("system", ["with waitid", "without"])
def test_a_process_that_has_ended_is_found_out(
    system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed, and then also reaped; on Windows and older macOS psutil says so."""
    if system == "without":
        monkeypatch.delattr(os, "waitid", raising=False)
    with subprocess.Popen(["sleep", "60"]) as child:
        process = psutil.Process(child.pid)
        assert not has_ended(process)
        child.kill()
        wait_until(lambda: has_ended(process))
        assert child.returncode is None  # nobody has reaped it: that is W&B's to do
        child.wait()
        assert has_ended(process)


def test_a_process_of_somebody_else_is_seen_too() -> None:
    """It is no child of ours, for which the system has a quick answer."""
    assert not has_ended(psutil.Process(os.getppid()))
    assert not has_ended(None)
