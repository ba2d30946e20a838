"""`triptych view`, as it is typed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import psutil
import pytest
from typer.testing import CliRunner

import triptych
from tests.support import environment, rrd, two_runs
from tests.support.threads import wait_until
from tests.support.watching import steps_seen, watching
from triptych.archive.comparison import labels
from triptych.archive.folder import RunFolder
from triptych.cli.app import app
from triptych.sinks.rerun import RerunSink


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, RunFolder]:
    """Two runs, of 20 and 30 steps."""
    return two_runs.train(tmp_path_factory.mktemp("home") / "runs")


@pytest.fixture
def home(runs: tuple[RunFolder, RunFolder], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that they lie in, on a machine without a display."""
    place = runs[0].path.parents[2]
    monkeypatch.chdir(place)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"):
        monkeypatch.delenv(name, raising=False)
    return place


@pytest.mark.usefixtures("home")
def test_several_runs_are_saved_as_one_recording(
    runs: tuple[RunFolder, RunFolder], tmp_path: Path
) -> None:
    """Each below its name."""
    names = labels(runs)
    file = tmp_path / "both.rrd"
    done = CliRunner().invoke(app, ["view", *names, "--save", str(file)])
    assert (done.exit_code, done.stdout) == (0, f"{file}\n"), done.output
    found = [len(rrd.scalars(file, f"/{name}/train/loss")[0]) for name in names]
    assert found == [20, 30]


def test_attempts_are_saved_as_one_curve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The later attempt counts where they overlap; the newest run is the default."""
    monkeypatch.chdir(tmp_path)
    for resume in (None, "latest"):
        with triptych.run("digits", sinks=[RerunSink()], console=False, resume=resume) as run:
            run.restore(3 if resume else 0)
            for _ in run.steps(range(5)):
                run.log({"train/loss": 2.0 if resume else 1.0})
    done = CliRunner().invoke(app, ["view", "--save", "one.rrd"])
    assert done.exit_code == 0, done.output
    steps, values = rrd.scalars(Path("one.rrd"), "/train/loss")
    assert steps.tolist() == list(range(1, 9))
    assert values.tolist() == [1.0] * 3 + [2.0] * 5


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="others always have a display")
@pytest.mark.usefixtures("home")
def test_without_a_display_the_other_ways_are_told() -> None:
    """One line, and exit code 1."""
    done = CliRunner().invoke(app, ["view"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("error: there is no display for a window: --web serves")


@pytest.mark.usefixtures("home")
def test_a_step_needs_a_window() -> None:
    """Neither a browser nor a file has a time cursor."""
    for option in (["--web"], ["--save", "x.rrd"]):
        done = CliRunner().invoke(app, ["view", "--step", "3", *option])
        assert done.exit_code == 2
        assert "only a window can be opened at a step" in done.stderr


def test_a_run_that_goes_on_is_shown_as_far_as_it_has_come(tmp_path: Path) -> None:
    """And it is said that this is not all."""
    file = tmp_path / "now.rrd"
    with triptych.run("digits", root=tmp_path, sinks=[RerunSink()], console=False) as run:
        run.advance()
        run.log({"train/loss": 1.0})
        assert run.flush()
        done = CliRunner().invoke(app, ["view", str(run.dir), "--save", str(file)])
    assert done.exit_code == 0, done.output
    assert done.stderr.startswith(f"{run.id} goes on: ")
    assert rrd.scalars(file, "/train/loss")[0].tolist() == [1]


def test_a_browser_is_served_on_this_machine_alone(
    runs: tuple[RunFolder, RunFolder], home: Path, tmp_path: Path
) -> None:
    """The page and the data; Ctrl-C ends it, and nothing is left behind."""
    command = [sys.executable, "-m", "triptych", "view", *labels(runs), "--web"]
    env = environment.isolated(tmp_path) | {"TMPDIR": str(tmp_path), "SSH_CONNECTION": ""}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=env, cwd=home, stdout=pipe, text=True) as child:
        try:
            assert child.stdout is not None
            address = child.stdout.readline().split()[-1]
            (server,) = psutil.Process(child.pid).children()
            data = parse_qs(urlsplit(address).query)["url"][0]
            wait_until(lambda: len(server.net_connections("tcp")) >= 2)
            listening = {one.laddr for one in server.net_connections("tcp")}
            assert {one.ip for one in listening} == {"127.0.0.1"}
            assert {one.port for one in listening} == {
                urlsplit(one).port for one in (address, data)
            }
            with urlopen(address) as page:  # noqa: S310  # http
                assert b"rerun" in page.read().lower()
            seen = tmp_path / "seen.rrd"
            entity = f"/{labels(runs)[1]}/train/loss"
            with watching(seen, [data]):
                wait_until(lambda: steps_seen(seen, entity) == [*range(1, 31)], 30)
        finally:
            os.kill(child.pid, signal.SIGINT)
    assert child.returncode == 0
    assert not server.is_running()
    assert not list(tmp_path.glob("triptych-view-*"))
