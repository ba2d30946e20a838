"""The totals of a run: equal wherever they are told, and equal to what can be read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import triptych
from tests.support import environment, rrd, run_folder
from triptych.archive.folder import RunFolder
from triptych.archive.repair import repair
from triptych.pipeline.records import Batch
from triptych.sinks.rerun import RerunSink

PROGRAM = """
    import math
    import numpy as np
    import rerun as rr
    import triptych
    from tests.support.sinks import FailingSink
    from triptych.sinks.rerun import RerunSink
    from triptych.sinks.wandb import WandbSink

    sinks = [RerunSink(), WandbSink("offline"), FailingSink(OSError("no"))]
    with triptych.run("totals", root="runs", sinks=sinks) as run:
        for step in run.steps(range(20)):
            run.log({"loss": 1 / run.step, "acc": step})
        run.log({"loss": math.nan, "acc": math.inf})
        run.log({"val/picture": triptych.Image(np.zeros((8, 8), np.uint8))})
        run.log({"cloud": rr.Points3D([[1, 2, 3]])})
        run.log({"loss": 1.0, "wrong": None})
        run.event("done")
"""


def _in_run_json(told: dict[str, Any]) -> dict[str, int]:
    """In the short form of the other places."""
    found = {name: sum(told[name].values()) for name in ("rejected", "nonfinite")}
    for sink, totals in told["sinks"].items():
        found |= {f"{sink}/{name}": totals[name] for name in ("accepted", "delivered")}
        found |= {f"{sink}/shed/{why}": sum(n.values()) for why, n in totals["shed"].items()}
    return found


@pytest.mark.usefixtures("lenient")
def test_four_places_tell_the_same_totals(tmp_path: Path) -> None:
    """run.json, the recording, W&B's summary and the closing table; none of them is off by one."""
    env = environment.isolated(tmp_path) | {"PYTHONWARNINGS": "ignore"}
    with environment.start(PROGRAM, env, cwd=tmp_path) as child:
        _, screen = child.communicate(timeout=60)
    assert child.returncode == 0, screen
    panels = run_folder.find(tmp_path / "runs")

    told = _in_run_json(panels.story["totals"])
    assert told == {
        "rejected": 1,
        "nonfinite": 2,
        "rerun/accepted": 46,
        "rerun/delivered": 46,
        "wandb/accepted": 46,
        "wandb/delivered": 45,
        "wandb/shed/not shown": 1,
        "failing/accepted": 46,
        "failing/delivered": 0,
        "failing/shed/error": 45,
        "failing/shed/not shown": 1,
    }
    for sink in ("rerun", "wandb", "failing"):
        shed = sum(n for name, n in told.items() if name.startswith(f"{sink}/shed/"))
        assert told[f"{sink}/accepted"] == told[f"{sink}/delivered"] + shed

    in_recording = rrd.properties(panels.recording)["totals"]
    assert {name.replace(".", "/"): n for name, (n,) in in_recording.items()} == told
    summary = panels.wandb.summary
    assert {name: summary[f"triptych/{name}"] for name in told} == told
    pages = [text for _, at, text in rrd.documents(panels.recording) if at == "/run/summary"]
    assert "| wandb | 46 | 45 | 1 shed (1 not shown) |" in pages[-1].splitlines()
    rows = dict(line.split(maxsplit=1) for line in screen.splitlines() if "  " in line)
    assert rows["rerun"] == "46 delivered, none shed"
    assert rows["wandb"] == "45 delivered, 1 shed (1 not shown)"
    assert rows["failing"] == "0 delivered, 46 shed (45 error, 1 not shown)"
    assert rows["rejected"] == "wrong (1)"
    assert rows["not"].split() == ["finite", "loss", "(1),", "acc", "(1)"]

    numbers = sum(len(rrd.scalars(panels.recording, f"/{path}")[0]) for path in ("loss", "acc"))
    shown = [row for row in rrd.rows(panels.recording) if row.entity in ("/val/picture", "/cloud")]
    assert numbers + len(shown) + len(rrd.text_log(panels.recording)) == told["rerun/delivered"]


class Forgetful(RerunSink):
    """Loses what it is given while it is told to."""

    loses = False

    def write(self, batch: Batch) -> None:
        """Write a batch, or raise."""
        if self.loses:
            raise OSError("the disk does not answer")
        super().write(batch)


@pytest.mark.usefixtures("lenient")
def test_what_a_recording_lost_is_recoverable(tmp_path: Path) -> None:
    """All that was accepted is delivered or in the journal, from where a repair takes it."""
    sink = Forgetful()
    sink.apart = False  # so that it can be told what to lose
    run = triptych.run("totals", root=tmp_path, sinks=[sink], console=False)
    for step in run.steps(range(300)):
        if step in (100, 200):
            run.flush()
            sink.loses = step == 100
        run.log({"loss": step})
    run.flush()
    sink.loses = True
    run.event("lost")
    assert not run.close()

    totals = run.totals.sinks["rerun"]
    assert totals.by_reason() == {"error": 101}
    assert (totals.accepted, totals.delivered) == (301, 200)
    done = repair(RunFolder(run.dir))
    assert (done.numbers, done.lines) == (100, 1)
    steps, values = rrd.scalars(run.info.recording, "/loss")
    assert steps.tolist() == [step + 1 for step in range(300)]
    assert values.tolist() == list(range(300))
    assert rrd.verify(run.info.recording) == 0
