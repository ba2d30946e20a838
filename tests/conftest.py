"""Every test starts without the settings of whoever runs it, and strict."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from triptych.training import lifetime

pytest_plugins = ("tests.support.faults",)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A job in the background of a script ignores Ctrl-C, and so would the children that test it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

_OF_OTHERS = ("WANDB_", "RERUN", "SLURM_", "OMPI_", "PMI", "TRIPTYCH_")
_LAUNCHERS = ("RANK", "LOCAL_RANK", "NODE_RANK", "GROUP_RANK", "WORLD_SIZE")


@pytest.fixture(autouse=True)
def _own_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No account, no rank, nothing in the folders of the user; values that are refused raise."""
    for name in os.environ:
        if name.startswith(_OF_OTHERS) or name in _LAUNCHERS:
            monkeypatch.delenv(name)
    home: Path = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("NETRC", str(home / "netrc"))
    for name in ("WANDB_CONFIG_DIR", "WANDB_CACHE_DIR", "WANDB_DATA_DIR", "WANDB_DIR"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    monkeypatch.setenv("TRIPTYCH_STRICT", "1")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a test has printed travels between processes, which takes no lone surrogates."""
    report = yield
    report.sections = [
        (title, text.encode("utf-8", "backslashreplace").decode())
        for title, text in report.sections
    ]
    return report


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """As users have it: values that are refused are warned about."""
    monkeypatch.delenv("TRIPTYCH_STRICT")


@pytest.fixture(autouse=True)
def _closed_runs() -> Iterator[None]:
    """A run that a failed test has left open does not make others fail."""
    before = lifetime._open[:]
    yield
    for run in [one for one in lifetime._open if one not in before]:
        run.exit(None)
    state = sys.modules.get("accelerate.state")
    if state is not None:  # it knows the rank of this process, whatever the next test says
        state.AcceleratorState._reset_state(reset_partial_state=True)
