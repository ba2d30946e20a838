"""Large values, ever new paths, and logging that is configured anew while it is in use."""

from __future__ import annotations

from pathlib import Path

from tests.support import rrd, run_folder
from tests.support.drill import drill
from tests.support.faults import Fault

_LARGE = """
run = triptych.run("p", root="runs", wandb="offline", console=False)
large = np.zeros((4096, 8192, 3), np.uint8)
for _ in run.steps(range(2)):  # more of them than 256 MiB could not wait
    run.log({"large": triptych.Image(large), "train/loss": 1 / run.step})
    run.log({"text": triptych.Text("x" * 100_000)})
    logging.getLogger("model").info("y" * 100_000)
account(run, arrived=run.close())
"""


def test_a_picture_of_100_megabytes_is_one_like_any_other(tmp_path: Path, fault: Fault) -> None:
    """It is copied in the call, and that is all."""
    ended = drill(_LARGE, tmp_path)
    panels = run_folder.find(tmp_path / "runs")

    assert (ended.code, ended.told["arrived"]) == (0, True)
    shown = rrd.images(panels.recording, "/large")
    assert [(step, one.size) for step, one in shown] == [(1, (8192, 4096)), (2, (8192, 4096))]
    documents = [text for _, entity, text in rrd.documents(panels.recording) if entity == "/text"]
    assert documents == ["x" * 100_000] * 2
    assert panels.log.count("y" * 100_000) == 2
    fault("large", kept="all", held=ended.held)


_PATHS = """
run = triptych.run("p", root="runs", wandb=False, console=False)  # W&B takes a second a thousand
for step in run.steps(range(10_000)):
    run.log({f"odd/{step}": step})  # a step in the name: a mistake that many make
account(run, arrived=run.close())
"""


def test_ten_thousand_paths_hold_up_nobody(tmp_path: Path, fault: Fault) -> None:
    """All of them are in the recording, each with its number."""
    ended = drill(_PATHS, tmp_path, timeout=120)
    panels = run_folder.find(tmp_path / "runs")

    assert (ended.code, ended.told["arrived"]) == (0, True)
    paths = rrd.scalar_paths(panels.recording)
    assert {f"/odd/{step}" for step in range(10_000)} <= paths
    assert all(sink["shed"] == {} for sink in ended.sinks.values())
    fault("many-paths", kept="all", held=ended.held)


_CONFIGURED = """
import logging.config

run = triptych.run("p", root="runs", wandb=False)
over = threading.Event()

def speak():
    while not over.is_set():
        logging.getLogger("thread").info("a line")
        logging.getLogger("rerun").info("a line of a sink")
        time.sleep(0.0005)

threads = [threading.Thread(target=speak) for _ in range(4)]
for thread in threads:
    thread.start()
for number in range(200):
    run.log({"a": number})
    logging.config.dictConfig({
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"own": {"class": "logging.StreamHandler", "level": "ERROR"}},
        "root": {"level": "INFO", "handlers": ["own"]},
    })
    logging.getLogger("main").info("line %d", number)
over.set()
for thread in threads:
    thread.join()
logging.shutdown()
account(run, arrived=run.close())
"""


def test_logging_may_be_configured_while_lines_are_written(tmp_path: Path, fault: Fault) -> None:
    """`dictConfig` takes logging's own lock, and drops the handlers of others; ours come back."""
    ended = drill(_CONFIGURED, tmp_path)
    panels = run_folder.find(tmp_path / "runs")

    assert (ended.code, ended.told["arrived"]) == (0, True)
    assert len(rrd.scalars(panels.recording, "/a")[0]) == 200
    said = [text for _, entity, _, text in rrd.text_log(panels.recording) if "main" in entity]
    assert said == [f"line {number}" for number in range(200)]
    assert panels.log.count("main: line ") == 200
    fault("dict-config", kept="all", held=ended.held)


_STEPS = """
from triptych.sinks.rerun import RerunSink
from triptych.sinks.wandb import WandbSink

every_number = [RerunSink(), WandbSink("offline")]
run = triptych.run("p", root="runs", sinks=every_number, console=False)
for number, step in enumerate([5, 5, 3, 3, 1000, 0, 4]):
    run.restore(step)
    run.log({"train/loss": number})
account(run, arrived=run.close())
"""


def test_steps_that_repeat_and_go_back_are_all_kept(tmp_path: Path, fault: Fault) -> None:
    """W&B would drop such rows if our step were its own."""
    ended = drill(_STEPS, tmp_path)
    panels = run_folder.find(tmp_path / "runs")
    by_step = [(0, 5.0), (3, 2.0), (3, 3.0), (4, 6.0), (5, 0.0), (5, 1.0), (1000, 4.0)]

    assert (ended.code, ended.told["arrived"]) == (0, True)
    steps, values = rrd.scalars(panels.recording, "/train/loss")
    assert list(zip(steps.tolist(), values.tolist(), strict=True)) == by_step
    assert sorted(panels.wandb.curve("train/loss")) == by_step
    fault("odd-steps", kept="all, each at its step", held=ended.held)
