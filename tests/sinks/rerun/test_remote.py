"""One viewer at an address: it may come late, go, come back or freeze."""

from __future__ import annotations

import logging
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import rerun as rr

import triptych
from tests.support import environment, rrd
from tests.support.faults import Fault
from tests.support.threads import wait_until

_PATIENCE = 30.0  # seconds


@pytest.fixture
def port() -> int:
    """One that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _viewer(port: int, out: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A viewer without a window, which writes down what it is sent."""
    command = [str(rrd.executable()), "--save", str(out)]
    command += ["--bind", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: _listens(port), _PATIENCE)
            yield process
        finally:
            process.kill()  # what it has written was waited for


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _steps(seen: Path) -> list[int]:
    """The steps of the curve that the viewer has got so far."""
    if not seen.exists():
        return []
    try:
        return [int(step) for step in rrd.scalars(seen, "/train/loss")[0]]
    except RuntimeError:  # in the middle of a write
        return []


def _open(root: Path, port: int) -> triptych.Run:
    address = f"rerun+http://127.0.0.1:{port}/proxy"
    return triptych.run("live", root=root, wandb=False, console=False, live=address)


def _log(run: triptych.Run, steps: int) -> None:
    for _ in run.steps(range(steps)):
        run.log({"train/loss": 1 / run.step})


def test_a_run_is_sent_to_a_viewer_that_listens(tmp_path: Path, port: int) -> None:
    """With its settings, to the last step; what is made for Rerun goes there as it is."""
    seen = tmp_path / "seen.rrd"
    with _viewer(port, seen):
        with _open(tmp_path, port) as run:
            run.configure({"lr": 0.5})
            run.log({"cloud": rr.Points3D([[1, 2, 3]])})
            _log(run, 4)
        wait_until(lambda: _steps(seen) == [1, 2, 3, 4], _PATIENCE)

    assert run.totals.sinks["live"].lost == 0
    assert rrd.properties(seen)["config"]["lr"] == [0.5]
    assert "/cloud" in rrd.entities(seen)


def test_a_viewer_that_was_closed_gets_all_of_it_when_it_is_back(
    tmp_path: Path, port: int, caplog: pytest.LogCaptureFixture, fault: Fault
) -> None:
    """What it had before, what it has missed, and what follows; that it was gone is told once."""
    first, second = tmp_path / "first.rrd", tmp_path / "second.rrd"
    with _open(tmp_path, port) as run:
        with _viewer(port, first):
            run.flush()
            _log(run, 3)
            assert run.flush()
            wait_until(lambda: _steps(first) == [1, 2, 3], _PATIENCE)
        _log(run, 2)
        assert not run.flush()
        with _viewer(port, second):
            _log(run, 1)
            wait_until(lambda: run.flush() and _steps(second) == [1, 2, 3, 4, 5, 6], _PATIENCE)
            assert run.close()

    live = run.totals.sinks["live"]
    assert live.accepted == live.delivered + live.lost
    assert rrd.scalars(run.info.recording, "/train/loss")[0].tolist() == [1, 2, 3, 4, 5, 6]
    told = [one.getMessage() for one in caplog.records if "live sink" in one.getMessage()]
    assert len(told) == 1
    assert "ConnectionError" in told[0]
    fault(
        "viewer-away",
        case="closed and opened again",
        kept="the recording; the viewer gets the newest 64 MiB again",
        shed="counted while it was away",
    )


def test_nobody_at_the_address_is_told_and_the_file_is_whole(
    tmp_path: Path, port: int, caplog: pytest.LogCaptureFixture, fault: Fault
) -> None:
    """A viewer that is not there costs neither training nor the recording."""
    with _open(tmp_path, port) as run:
        _log(run, 4)

    assert rrd.scalars(run.info.recording, "/train/loss")[0].tolist() == [1, 2, 3, 4]
    assert run.totals.sinks["live"].lost == 4
    warned = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert [one.getMessage().startswith("No viewer answers at") for one in warned] == [True]
    fault("viewer-away", kept="the recording", shed="what the viewer would have got")


def test_a_frozen_viewer_holds_up_neither_the_run_nor_the_exit_and_catches_up(
    tmp_path: Path, port: int, fault: Fault
) -> None:
    """Frozen at the end the process exits all the same, with its own code."""
    seen = tmp_path / "seen.rrd"
    program = f"""
        import sys, time
        import numpy as np
        import rerun as rr
        import triptych
        from triptych.sinks.rerun import remote
        remote._ANSWER = 1.0
        address = "rerun+http://127.0.0.1:{port}/proxy"
        run = triptych.run("live", root="runs", wandb=False, console=False, live=address)
        large = np.random.default_rng(0).integers(0, 255, (1024, 1024, 4), np.uint8)
        def log(steps):
            for _ in run.steps(range(steps)):
                for part in range(4):  # 4 MB each: more than there is between us and the viewer
                    run.log({{f"train/batch/{{part}}": rr.Image(large)}})
                run.log({{"train/loss": 1 / run.step}})
        log(1)
        print("first", run.flush(), flush=True)
        sys.stdin.readline()
        log(3)
        print("frozen", run.flush(20), flush=True)
        sys.stdin.readline()
        log(1)
        while not run.flush(5):  # it has much to read first
            time.sleep(0.1)
        print("back", flush=True)
        sys.stdin.readline()
        log(1)
        began = time.monotonic()
        arrived = run.close()
        print("closed", arrived, time.monotonic() - began < 20, flush=True)
        sys.exit(7)
    """
    with (
        _viewer(port, seen) as viewer,
        environment.start(program, environment.isolated(tmp_path), cwd=tmp_path) as child,
    ):
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            assert child.stdout.readline() == "first True\n"
            viewer.send_signal(signal.SIGSTOP)
            print(file=child.stdin, flush=True)
            assert child.stdout.readline() == "frozen False\n"
            viewer.send_signal(signal.SIGCONT)
            print(file=child.stdin, flush=True)
            assert child.stdout.readline() == "back\n"
            wait_until(lambda: _steps(seen) == [*range(1, 6)], _PATIENCE)
            viewer.send_signal(signal.SIGSTOP)
            print(file=child.stdin, flush=True)
            assert child.stdout.readline() == "closed False True\n"
            began = time.monotonic()
            assert child.wait(20) == 7
            assert time.monotonic() - began < 10
        finally:
            child.kill()
    fault(
        "viewer-frozen",
        case="one at an address",
        kept="the recording; when it wakes up, the viewer is sent the newest 64 MiB",
        shed="what it was given meanwhile, counted",
    )
