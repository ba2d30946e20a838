"""Live viewers: served in two lanes on this machine alone, or opened; none holds anything up."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

import triptych
from tests.support import rrd
from tests.support.faults import Fault
from tests.support.threads import wait_until
from tests.support.watching import steps_seen, watching
from triptych.sinks.rerun import live as live_module

_PATIENCE = 20.0  # seconds


def _noise(side: int = 96) -> triptych.Image:
    return triptych.Image(np.random.default_rng(0).integers(0, 255, (side, side, 3), np.uint8))


def _log(run: triptych.Run, steps: int, *, pictures: int = 0) -> None:
    for count in run.steps(range(steps)):
        run.log({"train/loss": 1 / run.step})
        if count < pictures:
            run.log({"train/batch": _noise()})


def test_viewers_that_come_late_are_served_curves_and_pictures_on_this_machine_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command that is printed opens both lanes, and over ssh a second one leads here."""
    caplog.set_level(logging.INFO)
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.7 2222")
    seen = tmp_path / "seen.rrd"
    with triptych.run("live", root=tmp_path, wandb=False, console=False, live=True) as run:
        _log(run, 3, pictures=2)
        assert run.flush()
        addresses = run.hints["live"].split()[1:]
        ports = {int(found) for found in re.findall(r":(\d+)/proxy", " ".join(addresses))}
        with watching(seen, addresses):
            wait_until(lambda: steps_seen(seen) == [1, 2, 3], _PATIENCE)
            _log(run, 2, pictures=1)
            wait_until(lambda: steps_seen(seen) == [1, 2, 3, 4, 5], _PATIENCE)
            wait_until(lambda: steps_seen(seen, "/train/batch") == [1, 2, 4], _PATIENCE)
        listening = {
            (one.laddr.ip, one.laddr.port)
            for one in psutil.Process().net_connections("tcp")
            if one.status == psutil.CONN_LISTEN and one.laddr.port in ports
        }

    assert len(ports) == 2
    assert listening == {("127.0.0.1", port) for port in ports}
    told = [record.getMessage() for record in caplog.records]
    assert any(" ".join(addresses) in line for line in told)
    tunnel = next(line for line in told if "ssh -N -p 2222 -L" in line)
    assert all(f"-L {port}:127.0.0.1:{port}" in tunnel for port in ports)
    assert tunnel.endswith("@192.0.2.7")
    assert rrd.scalars(run.info.recording, "/train/loss")[0].tolist() == [1, 2, 3, 4, 5]
    assert run.hints["live"] == ""  # nobody serves any more


def test_pictures_do_not_push_out_the_curves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept for late viewers is bounded in each lane for itself."""
    monkeypatch.setattr(live_module, "_PICTURES", "1MiB")
    seen = tmp_path / "seen.rrd"
    with triptych.run("live", root=tmp_path, wandb=False, console=False, live=True) as run:
        _log(run, 200, pictures=200)  # about 20 kB each
        assert run.flush()
        with watching(seen, run.hints["live"].split()[1:]):
            wait_until(lambda: steps_seen(seen) == [*range(1, 201)], _PATIENCE)
            wait_until(lambda: 200 in steps_seen(seen, "/train/batch"), _PATIENCE)
            pictures = steps_seen(seen, "/train/batch")

    assert pictures == [*range(201 - len(pictures), 201)]
    assert 0 < len(pictures) < 150


def test_a_viewer_that_freezes_holds_up_neither_the_run_nor_its_end(
    tmp_path: Path, fault: Fault
) -> None:
    """More than it could take in without reading, and the run closes at once."""
    seen = tmp_path / "seen.rrd"
    with (
        triptych.run("live", root=tmp_path, wandb=False, console=False, live=True) as run,
        watching(seen, run.hints["live"].split()[1:]) as viewer,
    ):
        _log(run, 1)
        wait_until(lambda: steps_seen(seen) == [1], _PATIENCE)
        viewer.send_signal(signal.SIGSTOP)
        for _ in range(30):
            run.log({"train/large": _noise(1024)})  # 90 MB as PNG
        _log(run, 20)
        assert run.flush(60)
        began = time.monotonic()
        assert run.close()
        took = time.monotonic() - began

    assert took < 5
    assert run.totals.sinks["live"].lost == 0
    fault("viewer-frozen", case="one that is served", kept="the recording; other viewers")


def test_another_address_is_served_only_by_name_and_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Rerun has no password."""
    with triptych.run("live", root=tmp_path, wandb=False, console=False, live="0.0.0.0") as run:  # noqa: S104
        shown = run.hints["live"]
        served = [
            one.laddr.ip
            for one in psutil.Process().net_connections("tcp")
            if one.status == psutil.CONN_LISTEN and f":{one.laddr.port}/proxy" in shown
        ]

    assert served == ["0.0.0.0"] * 2  # noqa: S104
    assert socket.gethostname() in shown
    assert any("asks nobody for a password" in record.getMessage() for record in caplog.records)


def test_spawn_opens_a_viewer_that_shows_the_run_and_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here a viewer without a window, under the name that is looked for."""
    noted, program = tmp_path / "noted", tmp_path / "bin" / "rerun"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$$ $*" > {noted}.part\nmv {noted}.part {noted}\n'
        f'exec {rrd.executable()} --save {tmp_path}/seen.rrd "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    seen = tmp_path / "seen.rrd"
    with triptych.run("live", root=tmp_path, wandb=False, console=False, live="spawn") as run:
        wait_until(noted.exists, _PATIENCE)
        viewer = psutil.Process(int(noted.read_text().split()[0]))
        try:
            _log(run, 4, pictures=1)
            wait_until(lambda: steps_seen(seen) == [1, 2, 3, 4], _PATIENCE)
            assert run.close()
            lives_on = viewer.is_running() and viewer.status() != psutil.STATUS_ZOMBIE
        finally:
            viewer.kill()

    assert lives_on
    assert "--bind 127.0.0.1" in noted.read_text()
    assert steps_seen(seen, "/train/batch") == [1]


@pytest.mark.parametrize("live", ["http://somewhere", "yes", "1.2.3", 5, None])
def test_what_is_no_way_to_viewers_is_refused(tmp_path: Path, live: object) -> None:
    """The message names what there is, and the value."""
    with pytest.raises(ValueError, match="live= is False, True to serve") as refusal:
        triptych.run("live", root=tmp_path, live=live)  # type: ignore[arg-type]

    assert repr(live) in str(refusal.value)
    assert list(tmp_path.iterdir()) == []
