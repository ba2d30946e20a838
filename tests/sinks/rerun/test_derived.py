"""What the sink adds for those who look: logarithms of losses, phases, the summary page."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import Any

import triptych
from tests.support import rrd
from triptych.sinks.rerun import RerunSink


def _run(root: Path, **options: Any) -> triptych.Run:
    return triptych.run("derived", root=root, sinks=[RerunSink()], console=False, **options)


def _phases(path: Path, timeline: str = "step") -> list[tuple[int | None, str]]:
    name = "StateChange:state"
    rows = [row for row in rrd.rows(path, "/phase") if name in row]
    return [(row.time(timeline), row.components[name][0]) for row in rows]


def test_losses_have_their_logarithm(tmp_path: Path) -> None:
    """Only losses; what has no logarithm is left out, and the loss itself is as it was."""
    losses = [100.0, 0.0, -1.0, math.nan, math.inf, 0.001]
    with _run(tmp_path, strict=False) as run:
        for loss in run.steps(losses):
            run.log({"train/loss": loss, "acc": 0.5})

    steps, logs = rrd.scalars(run.info.recording, "/log10/train/loss")
    assert dict(zip(steps.tolist(), logs.tolist(), strict=True)) == {1: 2.0, 6: -3.0}
    assert len(rrd.scalars(run.info.recording, "/train/loss")[0]) == len(losses)
    assert "/log10/acc" not in rrd.entities(run.info.recording)


def test_a_loss_without_a_logarithm_has_no_twin(tmp_path: Path) -> None:
    """As that of a critic that is negative throughout."""
    with _run(tmp_path) as run:
        run.log({"critic/loss": -3.0})

    assert "/log10/critic/loss" not in rrd.entities(run.info.recording)


def test_phases_are_where_they_began(tmp_path: Path) -> None:
    """A validation holds its step, whatever is logged of training at the same step."""
    with _run(tmp_path) as run:
        for _ in run.epochs(2):
            for _ in run.steps(range(2)):
                run.log({"train/loss": 1.0})
            with run.phase("val"):
                run.log({"val/loss": 1.0})
            run.log({"train/saved": 1.0})
        with run.phase("test"):
            run.log({"test/loss": 1.0})

    path = run.info.recording
    wanted = [(1, "train"), (2, "val"), (3, "train"), (4, "val"), (4, "test")]
    assert _phases(path) == wanted
    times = [when for when, _ in _phases(path, "log_time")]
    assert times == sorted(times)
    (configuration,) = [row for row in rrd.rows(path, "/phase") if row.time("step") is None][-1:]
    assert configuration.components["StateConfiguration:labels"] == ["train", "val", "test"]


def test_pictures_and_words_show_a_phase_too(tmp_path: Path) -> None:
    """Where it has no numbers."""
    with _run(tmp_path) as run:
        run.log({"train/loss": 1.0})
        run.flush()
        with run.phase("val"):
            logging.getLogger("derived").warning("validating")
        run.flush()

    assert _phases(run.info.recording) == [(0, "train"), (0, "val")]


def test_the_summary_says_what_became_of_the_run(tmp_path: Path) -> None:
    """Its ending, how to open it again, the newest numbers with losses first, and its settings."""
    run = _run(tmp_path, config={"model": {"width": 64}}, tags=["a|b"], notes="A try.")
    for _ in run.steps(range(3)):
        run.log({"acc": run.step / 10, "train/loss": 1 / run.step, "time/step": 0.5})
    run.ended_by(ZeroDivisionError("division by zero"))
    run.close()

    pages = [text for _, at, text in rrd.documents(run.info.recording) if at == "/run/summary"]
    lines = pages[-1].splitlines()
    for line in (
        "A try.",
        "| status | failed |",
        "| error | ZeroDivisionError: division by zero |",
        "| tags | a\\|b |",
        f"| rerun | `{run.hints['rerun']}` |",
        "| model.width | 64 |",
    ):
        assert line in lines
    table = lines.index("| number | newest | at step |")
    assert lines[table + 2 : table + 5] == [
        "| train/loss | 0.333333 | 3 |",
        "| acc | 0.3 | 3 |",
        "| time/step | 0.5 | 3 |",
    ]
