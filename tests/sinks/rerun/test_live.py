"""Live viewers: served on this machine alone, sent to one that listens, or told that none does."""

from __future__ import annotations

import logging
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

import triptych
from tests.support import rrd

_DEADLINE = 20.0  # seconds


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def _receiver(out: Path, *arguments: str) -> Iterator[None]:
    """A viewer without a window, which writes down what it is sent."""
    command = [str(rrd.executable()), "--save", str(out), *arguments]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.kill()  # what it has written was waited for


def _wait_for_steps(path: Path, steps: list[int]) -> None:
    """Until the file that another process writes holds these steps; fails after the deadline."""
    deadline = time.monotonic() + _DEADLINE
    found: list[int] = []
    while found != steps:
        assert time.monotonic() < deadline, f"the viewer has only got {found}"
        time.sleep(0.05)  # a poll, not a hope: nothing tells us when another process has written
        if path.exists():
            try:
                found = rrd.scalars(path, "/train/loss")[0].tolist()
            except RuntimeError:  # in the middle of a write
                continue


def _log(run: triptych.Run, steps: int) -> None:
    for _ in run.steps(range(steps)):
        run.log({"train/loss": 1 / run.step})


def test_a_viewer_that_comes_late_gets_what_was_served_and_what_follows(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """live=True says how to connect, and serves on 127.0.0.1 only."""
    caplog.set_level(logging.INFO)
    seen = tmp_path / "seen.rrd"
    with triptych.run("live", root=tmp_path, wandb=False, console=False, live=True) as run:
        _log(run, 3)
        assert run.flush()
        address = run.hints["live"].rpartition(" ")[2]
        port = int(address.removesuffix("/proxy").rpartition(":")[2])
        with _receiver(seen, address, "--port", str(_free_port())):
            _wait_for_steps(seen, [1, 2, 3])
            _log(run, 2)
            _wait_for_steps(seen, [1, 2, 3, 4, 5])

        hosts = {
            one.laddr.ip
            for one in psutil.Process().net_connections("tcp")
            if one.status == psutil.CONN_LISTEN and one.laddr.port == port
        }

    assert hosts == {"127.0.0.1"}
    assert any(address in record.getMessage() for record in caplog.records)
    assert rrd.scalars(run.info.recording, "/train/loss")[0].tolist() == [1, 2, 3, 4, 5]
    assert run.hints["live"] == ""  # nobody serves any more


def test_a_run_is_sent_to_a_viewer_that_listens(tmp_path: Path) -> None:
    """live="rerun+http://…" sends to one, beside the file."""
    port, seen = _free_port(), tmp_path / "seen.rrd"
    with _receiver(seen, "--port", str(port), "--bind", "127.0.0.1"):
        deadline = time.monotonic() + _DEADLINE
        while not _listens(port):
            assert time.monotonic() < deadline, "the viewer does not listen"
            time.sleep(0.02)
        address = f"rerun+http://127.0.0.1:{port}/proxy"
        with triptych.run("live", root=tmp_path, wandb=False, console=False, live=address) as run:
            _log(run, 4)
        _wait_for_steps(seen, [1, 2, 3, 4])

    assert run.totals.sinks["live"].lost == 0


def test_nobody_at_the_address_is_told_and_the_file_is_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A viewer that is not there costs neither training nor the recording."""
    address = f"rerun+http://127.0.0.1:{_free_port()}/proxy"
    with triptych.run("live", root=tmp_path, wandb=False, console=False, live=address) as run:
        _log(run, 4)

    assert rrd.scalars(run.info.recording, "/train/loss")[0].tolist() == [1, 2, 3, 4]
    assert run.totals.sinks["live"].shed["not open"] == {"train/loss": 4}
    told = [one.getMessage() for one in caplog.records if "live sink" in one.getMessage()]
    assert len(told) == 1
    assert "could not be opened" in told[0]


@pytest.mark.parametrize("live", ["http://somewhere", "yes", 5, None])
def test_what_is_no_way_to_viewers_is_refused(tmp_path: Path, live: object) -> None:
    """The message names what there is, and the value."""
    with pytest.raises(ValueError, match="live= is False, True to serve") as refusal:
        triptych.run("live", root=tmp_path, live=live)  # type: ignore[arg-type]

    assert repr(live) in str(refusal.value)
    assert list(tmp_path.iterdir()) == []
