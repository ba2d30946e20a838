"""The four promises of the README, each with a test that bears its name."""

from __future__ import annotations

import json
import logging
import statistics
import threading
import time
from pathlib import Path

import numpy as np

import triptych
from tests.support import environment, rrd, wandb_files
from tests.support.faults import Fault
from triptych.pipeline.records import Batch, Words
from triptych.sinks.memory import MemorySink


class StuckSink(MemorySink):
    """Hangs in its first write until it is released, as on a dead disk or a silent server."""

    name = "stuck"

    def __init__(self) -> None:
        super().__init__()
        self.hangs = threading.Event()
        self.released = threading.Event()

    def write(self, batch: Batch) -> None:
        """Keep a batch, once released."""
        self.hangs.set()
        self.released.wait()
        super().write(batch)


def test_training_never_waits(tmp_path: Path) -> None:
    """A sink that hangs holds up neither a step, nor another sink, nor the end of the run."""
    stuck, healthy = StuckSink(), MemorySink()
    run = triptych.run("promises", root=tmp_path, sinks=[stuck, healthy], console=False)
    picture = triptych.Image(np.zeros((64, 64), np.uint8))
    run.log({"before": 0.0})
    assert stuck.hangs.wait(10)

    seconds = []
    for step in run.steps(range(1000)):
        began = time.perf_counter()
        run.log({"loss": step, "picture": picture})
        seconds.append(time.perf_counter() - began)
    began = time.perf_counter()
    arrived = run.close(timeout=0.5)
    closing = time.perf_counter() - began
    stuck.released.set()

    assert statistics.median(seconds) < 0.001
    assert closing < 5
    assert not arrived
    assert healthy.numbers["loss"] == [(step + 1, float(step)) for step in range(1000)]
    assert [record.stamp.step for record in healthy.records] == list(range(1, 1001))


ONE_STEP = """
import logging
import numpy as np
import triptych
from triptych.sinks.rerun import RerunSink
from triptych.sinks.text import TextSink
from triptych.sinks.wandb import WandbSink

words = TextSink(triptych.logging_config(json_lines=True))
every_number = [RerunSink(), words, WandbSink("offline")]
with triptych.run("promises", root="runs", sinks=every_number, console=False) as run:
    for epoch in run.epochs(2):
        for batch in run.steps(range(4), accumulate=2):
            if run.update_due:
                run.log({"train/loss": batch / 4})
        with run.phase("val"):
            run.log({"val/picture": triptych.Image(np.full((8, 8), 100 * epoch, np.uint8))})
            logging.getLogger("model").warning("validated")
    run.event("half-way")
    raise RuntimeError("out of luck")
"""


def test_one_step_three_places(tmp_path: Path) -> None:
    """A number, a picture, a line, a marker and a traceback carry the same step everywhere."""
    with environment.start(ONE_STEP, environment.isolated(tmp_path), cwd=tmp_path) as child:
        _, stderr = child.communicate(timeout=60)
    assert (child.returncode, stderr.splitlines()[-1]) == (1, "RuntimeError: out of luck")

    (run_dir,) = (tmp_path / "runs" / "promises").iterdir()
    recording = run_dir / "recording-1.rrd"
    history = wandb_files.wait(wandb_files.folders(run_dir / "wandb")[0])
    lines = [json.loads(line) for line in (run_dir / "train.log").read_text().splitlines()]

    losses = [(1, 0.25), (2, 0.75), (3, 0.25), (4, 0.75)]
    steps, values = rrd.scalars(recording, "/train/loss")
    assert list(zip(steps.tolist(), values.tolist(), strict=True)) == losses
    assert history.curve("train/loss") == losses
    numbers = [line for line in lines if line["logger"] == "numbers"]
    assert [(line["step"], line["numbers"]["train/loss"]) for line in numbers] == losses

    assert [step for step, _ in rrd.images(recording, "/val/picture")] == [2, 4]
    pictures = [row for row in history.history if "val/picture._type" in row]
    assert [row["trainer/global_step"] for row in pictures] == [2, 4]

    said = [(2, "validated"), (4, "validated"), (4, "half-way"), (4, "RuntimeError: out of luck")]
    spoken = [(line["step"], line["message"]) for line in lines if line["logger"] != "numbers"]
    assert spoken == said
    shown = [(step, text.splitlines()[0]) for step, _, _, text in rrd.text_log(recording)]
    assert shown == [*said[:3], (4, "Traceback (most recent call last):")]
    assert [line for line in history.console if line.startswith("step ")] == [
        "step 2 val WARNING model: validated",
        "step 4 val WARNING model: validated",
        "step 4 train EVENT half-way",
        "step 4 train CRITICAL Traceback (most recent call last):",
    ]


def test_nothing_is_lost_silently(tmp_path: Path) -> None:
    """Under load pictures go, each of them counted; numbers and words all arrive."""
    stuck = StuckSink()
    run = triptych.run("promises", root=tmp_path, sinks=[stuck], console=False)
    picture = triptych.Image(np.zeros((2048, 2048), np.uint8))
    run.log({"before": 0.0})
    assert stuck.hangs.wait(10)
    for step in run.steps(range(100)):
        run.log({"loss": step, "picture": picture})  # 400 MB, more than may wait
        logging.getLogger("model").warning("step %d", step)
    stuck.released.set()
    arrived = run.close()

    totals = run.totals.sinks["stuck"]
    shown = [record for record in stuck.records if record.path == "picture"]
    words = [record.value for record in stuck.records if isinstance(record.value, Words)]
    assert stuck.numbers["loss"] == [(step + 1, float(step)) for step in range(100)]
    assert [line.text for line in words] == [f"step {step}" for step in range(100)]
    assert 0 < len(shown) < 100
    assert totals.shed == {"full": {"picture": 100 - len(shown)}}
    assert totals.accepted == totals.delivered + totals.lost == 301
    assert not arrived
    told = json.loads((run.dir / "run.json").read_text())["totals"]["sinks"]["stuck"]
    assert told["shed"] == {"full": {"picture": 100 - len(shown)}}


OFFLINE = """
import ipaddress
import sys

def refuse(event, arguments):
    if event == "socket.getaddrinfo":
        assert arguments[0] in (None, "localhost", "127.0.0.1"), arguments
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        assert ipaddress.ip_address(arguments[1][0]).is_loopback, arguments

sys.addaudithook(refuse)

import triptych

with triptych.run("promises") as run:
    for step in run.steps(range(3)):
        run.log({"train/loss": 1 / 2**step})
    run.log({"val/loss": 0.125})
"""


def test_it_works_with_nothing_but_a_disk(tmp_path: Path, fault: Fault) -> None:
    """No account, display, terminal or network: all three panels are written all the same."""
    env = environment.isolated(tmp_path)
    env = {key: value for key, value in env.items() if "DISPLAY" not in key}
    env |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
    with environment.start(OFFLINE, env, cwd=tmp_path) as child:
        _, stderr = child.communicate(timeout=60)
    assert child.returncode == 0, stderr

    (run_dir,) = (tmp_path / "runs" / "promises").iterdir()
    steps, values = rrd.scalars(run_dir / "recording-1.rrd", "/train/loss")
    assert (steps.tolist(), values.tolist()) == ([1, 2, 3], [1.0, 0.5, 0.25])
    offline = wandb_files.wait(next((run_dir / "wandb").glob("offline-run-*")))
    assert (offline.exit_code, offline.curve("val/loss")) == (0, [(3, 0.125)])
    assert "step 3 train | numbers: val/loss 0.125" in (run_dir / "train.log").read_text()
    assert json.loads((run_dir / "run.json").read_text())["status"] == "finished"
    fault("network", kept="all three panels, on the disk")
