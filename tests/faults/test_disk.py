"""A disk that is full, read-only or gone, and no descriptor left: training does not notice."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import triptych
from tests.support import rrd, run_folder, wandb_files
from tests.support.drill import Drilled, drill
from tests.support.faults import Fault
from triptych.archive.folder import RunFolder
from triptych.archive.repair import repair

_MEGABYTES = 32


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 32 MB at `runs` in the folder of the test."""
    place = tmp_path / "runs"
    place.mkdir()
    size = f"size={_MEGABYTES}m"
    mount = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(place)]
    if os.name != "posix" or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


_TRAIN = """
run = triptych.run("p", root="runs", wandb="offline")

def train(steps):
    for _ in run.steps(range(steps)):
        run.log({"train/loss": 1 / run.step})
        logging.getLogger("model").info("line %d", run.step)
        time.sleep(0.002)

def fill():
    with open("runs/stuffing", "wb", buffering=0) as stuffing:
        try:
            while True:
                stuffing.write(bytes(2**16))
        except OSError:
            pass

train(100)
run.flush()
time.sleep(1)  # W&B's process writes its file every quarter of a second
"""

_FULL_FOR_A_WHILE = (
    _TRAIN
    + """
fill()
train(400)
arrived_full = run.flush()
os.unlink("runs/stuffing")
train(100)
account(run, arrived_full=arrived_full, arrived=run.close())
sys.exit(7)
"""
)

_FULL_TO_THE_END = (
    _TRAIN
    + """
fill()
train(400)
account(run, arrived=run.close())
sys.exit(7)
"""
)


def test_a_disk_that_is_full_for_a_while_costs_lines_of_the_log_only(
    small_disk: Path, fault: Fault
) -> None:
    """What is logged waits until there is room; Rerun's writer would be dead for good (0.41)."""
    ended = drill(_FULL_FOR_A_WHILE, small_disk.parent)
    panels = run_folder.find(small_disk)

    assert (ended.code, ended.told["arrived_full"]) == (7, False)
    _check_terminal(ended, 600)
    assert ended.err.count("The disk has room again for the rerun sink.") == 1
    assert ended.sinks["rerun"]["shed"] == ended.sinks["wandb"]["shed"] == {}
    steps, _ = rrd.scalars(panels.recording, "/train/loss")
    assert steps.tolist() == list(range(1, 601))
    assert rrd.verify(panels.recording) == 0
    assert panels.wandb.curve("train/loss")[-1][0] == 600
    said = [text for _, _, _, text in rrd.text_log(panels.recording) if text.startswith("line")]
    assert said == [f"line {step}" for step in range(1, 601)]
    repair(RunFolder(panels.folder))
    for step in (1, 300, 600):
        assert panels.log.count(f"model: line {step}\n") == 1
    fault(
        "disk-full",
        case="for a while",
        kept="all in the recording and at W&B; lines of the log by `triptych repair`",
        held=ended.held,
    )


def test_a_disk_that_stays_full_costs_nothing_that_repair_does_not_put_back(
    small_disk: Path, fault: Fault
) -> None:
    """The run ends in time; the journal had its room from the start."""
    ended = drill(_FULL_TO_THE_END, small_disk.parent)
    panels = run_folder.find(small_disk)

    assert (ended.code, ended.told["arrived"]) == (7, False)
    assert ended.seconds < 60
    _check_terminal(ended, 500)
    for sink in ("rerun", "wandb"):
        assert ended.sinks[sink]["shed"].keys() == {"unsent"}
    assert ended.sinks["text"]["shed"].keys() == {"error"}
    assert "`triptych repair" in ended.err
    (small_disk / "stuffing").unlink()
    repair(RunFolder(panels.folder))
    steps, _ = rrd.scalars(panels.recording, "/train/loss")
    assert steps.tolist() == list(range(1, 501))
    assert rrd.verify(panels.recording) == 0
    assert panels.log.count("model: line 500\n") == 1
    assert wandb_files.read(panels.wandb_folder).curve("train/loss")[-1][0] >= 100
    fault(
        "disk-full",
        case="to the end",
        kept="numbers, words and events, by `triptych repair`",
        shed="what W&B had no room for, counted",
        held=ended.held,
    )


def test_a_disk_that_is_full_at_the_start_is_named(small_disk: Path) -> None:
    """Before any training; the kernel tells no name."""
    with (
        pytest.raises(OSError, match="No space left"),
        (small_disk / "stuffing").open("wb") as file,
    ):
        file.write(bytes(2 * _MEGABYTES * 2**20))
    with pytest.raises(OSError, match=r"No space left on device: '.*run\.json'"):
        triptych.run("p", root=small_disk, sinks=[])


def _check_terminal(ended: Drilled, lines: int) -> None:
    """It shows every line all the same, and says what is wrong, once."""
    assert [f"model: line {step}\n" in ended.err for step in range(1, lines + 1)] == [True] * lines
    for sink in ("rerun", "wandb"):
        assert ended.err.count(f"what is logged waits in memory for the {sink} sink") == 1
    assert ended.err.count("The text sink could not keep what it has shown: OSError") == 1
    assert "Traceback" not in ended.err


_QUOTA = """
import resource
import psutil

run = triptych.run("p", root="runs", wandb=False, console=False)
large = triptych.Image(np.random.default_rng(0).integers(0, 255, (99, 99), np.uint8))

def train():
    for _ in run.steps(range(50)):
        run.log({"train/loss": 1 / run.step, "picture": large})
    return run.flush()

before = train()
most = os.path.getsize(run.info.recording) + 10_000
for process in (psutil.Process(), *psutil.Process().children()):
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))
beyond = train()
train()
account(run, before=before, beyond=beyond, arrived=run.close(timeout=4))
sys.exit(7)
"""


def test_a_quota_costs_pictures_and_each_that_follows_is_counted(
    tmp_path: Path, fault: Fault
) -> None:
    """The disk has room, and a file must not grow: Rerun's writer ends, and takes the rest."""
    ended = drill(_QUOTA, tmp_path)
    panels = run_folder.find(tmp_path / "runs")
    repair(RunFolder(panels.folder))

    assert (ended.code, ended.told["before"]) == (7, True)
    assert (ended.told["beyond"], ended.told["arrived"]) == (False, False)
    assert sum(ended.sinks["rerun"]["shed"].values()) >= 50
    assert "recording-1.rrd was deleted, or Rerun met an error" in panels.log
    assert rrd.scalars(panels.recording, "/train/loss")[0].tolist() == list(range(1, 151))
    assert len(rrd.images(panels.recording, "/picture")) >= 50
    fault(
        "disk-full",
        case="a quota",
        kept="numbers, words and events, by `triptych repair`",
        shed="pictures, counted but for those of ten seconds",
        held=ended.held,
    )


_DELETED = """
from triptych.sinks.rerun import RerunSink, lanes
lanes._LOOK = 0.0

sink = RerunSink()
sink.apart = False  # so that what was set above holds
run = triptych.run("p", root="runs", sinks=[sink], console=False)
run.log({"picture": triptych.Image(np.zeros((8, 8), np.uint8))})
assert run.flush()
os.unlink(run.info.recording)
run.log({"picture": triptych.Image(np.zeros((8, 8), np.uint8))})
account(run, arrived=run.close())
"""


def test_a_recording_that_was_deleted_takes_no_more(tmp_path: Path, fault: Fault) -> None:
    """The system would let Rerun write on, to a file that nobody can open again."""
    ended = drill(_DELETED, tmp_path)

    assert (ended.code, ended.told["arrived"]) == (0, False)
    assert ended.sinks["rerun"]["shed"] == {"error": 1}
    fault(
        "folder-gone",
        case="the recording",
        kept="what the other sinks get",
        shed="counted from the first look on, every ten seconds",
        held=ended.held,
    )


_VANISHED = """
import shutil

run = triptych.run("p", root="runs", wandb="offline")
for step in run.steps(range(100)):
    if step == 50:
        run.flush()
        shutil.rmtree(run.dir)
    run.log({"train/loss": 1 / run.step, "picture": triptych.Image(np.zeros((8, 8), np.uint8))})
    logging.getLogger("model").info("line %d", run.step)
account(run, arrived=run.close())
sys.exit(7)
"""


def test_a_folder_that_vanishes_stops_nothing(tmp_path: Path, fault: Fault) -> None:
    """Somebody has tidied up; that nothing can be written is told."""
    ended = drill(_VANISHED, tmp_path)

    assert ended.code == 7
    assert ended.seconds < 40
    assert "Traceback" not in ended.err
    assert "run.json could not be brought up to date" in ended.err
    assert "model: line 100" in ended.err
    assert ended.sinks.keys() == {"rerun", "text", "wandb"}
    fault(
        "folder-gone",
        case="it vanishes",
        kept="the lines on the terminal; training and its exit code",
        shed="what was in the folder",
        held=ended.held,
    )


_NO_FILES = """
import resource

run = triptych.run("p", root="runs", wandb="offline", console=False)
for step in run.steps(range(100)):
    if step == 50:
        run.flush()
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, most))
    run.log({"train/loss": 1 / run.step, "picture": triptych.Image(np.zeros((8, 8), np.uint8))})
    logging.getLogger("model").info("line %d", run.step)
account(run, arrived=run.close())
sys.exit(7)
"""


def test_without_descriptors_what_is_open_is_written_to_its_end(
    tmp_path: Path, fault: Fault
) -> None:
    """A loader that leaks them takes them from all."""
    ended = drill(_NO_FILES, tmp_path)
    panels = run_folder.find(tmp_path / "runs")

    assert (ended.code, ended.told["arrived"]) == (7, True)
    assert ended.seconds < 40
    assert [sink["shed"] for sink in ended.sinks.values()] == [{}] * 3
    assert rrd.scalars(panels.recording, "/train/loss")[0].tolist() == list(range(1, 101))
    assert len(rrd.images(panels.recording, "/picture")) == 100
    assert panels.log.count("model: line") == 100
    assert panels.wandb.curve("train/loss")[-1][0] == 100
    assert "run.json could not be brought up to date" in ended.err
    fault(
        "no-descriptors",
        kept="all in what is open: the recording, the log, W&B",
        shed="the status in run.json",
        held=ended.held,
    )


_CLOSED = """
run = triptych.run("p", root="runs", wandb="offline", console=False)

def train():
    for _ in run.steps(range(50)):
        run.log({"train/loss": 1 / run.step})
        logging.getLogger("model").info("line %d", run.step)

train()
run.flush()
os.closerange(3, 256)  # as those do who make a daemon of the process
train()
account(run, arrived=run.close(timeout=4))
sys.exit(7)
"""


def test_descriptors_that_somebody_closes_cost_nothing_that_repair_does_not_put_back(
    tmp_path: Path, fault: Fault
) -> None:
    """Those of the files, of the journal's lock, and of W&B's event loop, which dies of it."""
    ended = drill(_CLOSED, tmp_path)
    panels = run_folder.find(tmp_path / "runs")
    repair(RunFolder(panels.folder))

    assert (ended.code, ended.told["arrived"]) == (7, False)
    assert panels.story["status"] == "finished"
    assert rrd.scalars(panels.recording, "/train/loss")[0].tolist() == list(range(1, 101))
    assert panels.log.count("model: line") == 100
    fault(
        "no-descriptors",
        case="all are closed",
        kept="numbers, words and events, by `triptych repair`",
        shed="at W&B what had not arrived",
        held=ended.held,
    )
