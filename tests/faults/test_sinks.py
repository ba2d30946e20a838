"""Sinks that hang, write short, or are not there; and a system without threads."""

from __future__ import annotations

import _thread
import json
from pathlib import Path

import pytest

from tests.support import rrd, run_folder
from tests.support.drill import drill
from tests.support.faults import Fault
from tests.support.pipe import Pipe
from triptych.archive.folder import RunFolder
from triptych.archive.repair import repair
from triptych.pipeline.records import Batch
from triptych.sinks.memory import MemorySink

_HANGING = """
import psutil
from triptych.training.routes import make_routes
from triptych.sinks.memory import MemorySink

class Hanging(MemorySink):
    name = "hanging"
    def write(self, batch):
        threading.Event().wait()

others = make_routes(None, triptych.logging_config(console=False), "offline", False)
run = triptych.run("p", root="runs", sinks=[Hanging(), *others], console=False)
before = psutil.Process().memory_info().rss
picture = triptych.Image(np.zeros((2000, 2000), np.uint8))
for _ in run.steps(range(100)):
    run.log({"train/loss": 1 / run.step, "picture": lambda: picture})  # 400 MB
    logging.getLogger("model").info("step")
grown = psutil.Process().memory_info().rss - before
began = time.monotonic()
arrived = run.close(timeout=4)
account(run, arrived=arrived, grown=grown, closing=time.monotonic() - began)
sys.exit(7)
"""


def test_a_sink_that_hangs_costs_its_own_pictures_and_some_seconds(
    tmp_path: Path, fault: Fault
) -> None:
    """Not what the recording, W&B and the log get, nor the exit code; memory is bounded."""
    ended = drill(_HANGING, tmp_path)
    panels = run_folder.find(tmp_path / "runs")

    assert (ended.code, ended.told["arrived"]) == (7, False)
    assert 3 < ended.told["closing"] < 13
    assert ended.told["grown"] < 700e6  # of which 256 MiB may wait for each sink
    hanging, recording = ended.sinks["hanging"], ended.sinks["rerun"]
    assert hanging["shed"].keys() <= {"full", "unsent"}
    assert hanging["shed"]["full"] > 30
    assert recording["shed"].keys() <= {"full"}  # a machine that is busy
    steps, values = rrd.scalars(panels.recording, "/train/loss")
    assert steps.tolist() == list(range(1, 101))
    assert values.tolist() == [1 / step for step in range(1, 101)]
    shown = rrd.images(panels.recording, "/picture")
    assert len(shown) == 100 - recording["shed"].get("full", 0)
    assert panels.wandb.exit_code == 0
    assert panels.story["status"] == "finished"
    fault(
        "hangs",
        kept="all in the other sinks; the process ends by the deadline, with its own exit code",
        shed="what that sink was given; pictures beyond 256 MiB, the oldest first",
        held=ended.held,
    )


def test_ctrl_c_within_a_call_of_log_reaches_the_user(fault: Fault) -> None:
    """No `except` of ours keeps it, and no lock stays held."""
    sink = MemorySink()
    with Pipe(sink) as pipe:
        for step in range(3):
            with pytest.raises(KeyboardInterrupt):
                pipe.log({"a": step, "picture": _thread.interrupt_main, "b": step})
            pipe.log({"a": step})
            pipe.event("marker")
    assert [value for _, value in sink.numbers["a"]] == [0.0, 1.0, 2.0]
    assert len(sink.records) == 3
    fault(
        "interrupted-log",
        kept="everything before and after; the KeyboardInterrupt is the user's",
        shed="the call that was interrupted",
    )


class _Short(MemorySink):
    """Keeps the first half of its first batch, and raises."""

    name = "short"
    broke = False

    def write(self, batch: Batch) -> None:
        """Keep a batch."""
        if not self.broke:
            self.broke = True
            (block,) = batch.columns
            super().write(Batch((block.rows(0, len(block) // 2),)))
            raise OSError("short write")
        super().write(batch)


def test_half_a_batch_is_not_written_twice(fault: Fault) -> None:
    """It counts as lost, whole: whoever tries again makes doubles."""
    sink = _Short()
    with Pipe(sink, poll=5) as pipe:  # all in one batch
        for step in range(10):
            pipe.log({"a": step})
        assert pipe.flush() == {"short": False}
        pipe.log({"a": 10})
    totals = pipe.deliveries["short"].snapshot()
    assert [value for _, value in sink.numbers["a"]] == [0.0, 1.0, 2.0, 3.0, 4.0, 10.0]
    assert (totals.accepted, totals.delivered, totals.shed) == (11, 1, {"error": {"a": 10}})
    fault("writes-short", kept="what follows; nothing twice", shed="the batch, counted as lost")


_MISSING = """
os.makedirs("without/{package}")  # as if it were not installed
with open("without/{package}/__init__.py", "w") as file:
    file.write("raise ModuleNotFoundError('No module named {package!r}')")
sys.path.insert(0, os.path.abspath("without"))
run = triptych.run("p", root="runs", console=False)
for _ in run.steps(range(20)):
    run.log({{"train/loss": 1 / run.step}})
logging.getLogger("model").warning("a line")
account(run, arrived=run.close())
sys.exit(7)
"""


@pytest.mark.parametrize("package", ["wandb", "rerun"])
def test_without_a_package_the_other_panels_are_whole(
    package: str, tmp_path: Path, fault: Fault
) -> None:
    """That it is missing is told, with all that is lost there."""
    ended = drill(_MISSING.format(package=package), tmp_path)
    panels = run_folder.find(tmp_path / "runs")

    assert (ended.code, ended.told["arrived"]) == (7, False)
    lost = ended.sinks[package]
    assert (lost["delivered"], lost["shed"]) == (0, {"not open": lost["accepted"]})
    assert lost["accepted"] >= 20
    assert f"The {package} sink could not be opened and stays out of this run" in panels.log
    assert "model: a line" in panels.log
    if package == "wandb":
        assert rrd.scalars(panels.recording, "/train/loss")[0].tolist() == list(range(1, 21))
    else:
        assert panels.wandb.curve("train/loss")[-1][0] == 20
    fault("missing", kept="the other panels", shed="what that sink was given", held=ended.held)


_NO_THREADS = """
threading.stack_size(2**46)  # more than there is: no thread can be started
run = triptych.run("p", root="runs", wandb="offline", console=False)
for _ in run.steps(range(20)):
    run.log({"train/loss": 1 / run.step, "picture": triptych.Image(np.zeros((8, 8), np.uint8))})
run.event("a marker")
logging.getLogger("model").warning("a line")
began = time.monotonic()
arrived = run.flush() or run.close()
account(run, arrived=arrived, seconds=time.monotonic() - began)
sys.exit(7)
"""


def test_without_threads_training_goes_on_and_the_journal_has_the_numbers(
    tmp_path: Path, fault: Fault
) -> None:
    """Nobody is there to write, which is told, counted, and waited for by nobody."""
    ended = drill(_NO_THREADS, tmp_path)
    folder = RunFolder(run_folder.find(tmp_path / "runs").folder)

    assert (ended.code, ended.told["arrived"]) == (7, False)
    assert ended.told["seconds"] < 5
    assert ended.err.count("sink could not be opened: RuntimeError: can't start new thread") == 3
    assert "model: a line" in ended.err
    for sink in ended.sinks.values():
        assert (sink["delivered"], sink["shed"]) == (0, {"not open": sink["accepted"]})
    assert repair(folder).numbers == 20
    steps, _ = rrd.scalars(folder.recording(1), "/train/loss")
    assert steps.tolist() == list(range(1, 21))
    assert [text for *_, text in rrd.text_log(folder.recording(1))][-2:] == ["a marker", "a line"]
    assert json.loads(folder.run_json.read_text())["status"] == "finished"
    fault(
        "no-threads",
        kept="numbers, words and events in the recording, by `triptych repair`",
        shed="pictures; all at W&B",
        held=ended.held,
    )


_MUTE = """
from triptych.sinks.rerun import RerunSink

run = triptych.run("p", root="runs", sinks=[RerunSink("nowhere/a.rrd")], console=False)
run.log({"a": 1})
logging.getLogger("model").info("hello")
account(run, arrived=run.close())
"""


def test_without_a_text_panel_what_goes_wrong_is_said_on_standard_error(tmp_path: Path) -> None:
    """As Python does where nobody has set up logging: warnings, and nothing else."""
    ended = drill(_MUTE, tmp_path)

    assert ended.sinks["rerun"]["shed"] == {"not open": 2}
    assert "The rerun sink could not be opened" in ended.err
    assert "hello" not in ended.err
