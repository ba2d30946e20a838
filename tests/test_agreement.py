"""The recording, W&B and the text log tell the same numbers and words at the same steps."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest

from tests.support import environment, rrd, run_folder
from tests.support.run_folder import Panels

# Every number of a step is slower than W&B's window of 0.1 s; 3 x 8 micro-batches, 4 to an update.
SLOW = """
    import logging
    import time
    import triptych

    words = triptych.logging_config(json_lines=True)
    with triptych.run("slow", root="runs", logging=words, console=False) as run:
        run.log({"val/loss": 10.0})
        logging.getLogger("model").info("before training")
        for epoch in run.epochs(3):
            for batch in run.steps(range(8), accumulate=4):
                if run.update_due:
                    time.sleep(0.15)
                    run.log({"train/loss": float("nan") if run.step == 5 else 1 / run.step})
                    logging.getLogger("model").info("updated")
            with run.phase("val"):
                run.log({"val/loss": epoch + 0.5})
        run.event("trained")
"""

FAST = """
    import time
    import triptych

    words = triptych.logging_config(json_lines=True)
    with triptych.run("fast", root="runs", logging=words, console=False) as run:
        for step in run.steps(range(300)):
            run.log({"train/loss": step**2, "train/twice": 2 * step**2})
            time.sleep(0.003)
"""


def _run(program: str, home: Path) -> Panels:
    environment.run(program, environment.isolated(home) | {"TRIPTYCH_STRICT": "1"}, cwd=home)
    return run_folder.find(home / "runs")


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Panels:
    """Three epochs of two updates, each of four micro-batches."""
    return _run(SLOW, tmp_path_factory.mktemp("slow"))


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Panels:
    """Three hundred updates within a second."""
    return _run(FAST, tmp_path_factory.mktemp("fast"))


def test_the_recording_has_every_update_once(slow: Panels) -> None:
    """With four micro-batches to an update, the steps are exactly those of the updates."""
    steps, values = rrd.scalars(slow.recording, "/train/loss")

    assert steps.tolist() == [1, 2, 3, 4, 5, 6]
    np.testing.assert_array_equal(values, [1, 1 / 2, 1 / 3, 1 / 4, np.nan, 1 / 6])


def test_what_is_slower_than_the_window_reaches_wandb_whole(slow: Panels) -> None:
    """Each update is a row with the value of that update, NaN included."""
    curve = slow.wandb.curve("train/loss")

    assert [step for step, _ in curve] == [1, 2, 3, 4, 5, 6]
    assert [value for _, value in curve if not math.isnan(value)] == [1, 1 / 2, 1 / 3, 1 / 4, 1 / 6]
    assert math.isnan(curve[4][1])


def test_validation_stands_at_the_update_before_it(slow: Panels) -> None:
    """Step 0 before training, then that of the epoch's last update, in both."""
    expected = [(0, 10.0), (2, 0.5), (4, 1.5), (6, 2.5)]

    steps, values = rrd.scalars(slow.recording, "/val/loss")
    assert list(zip(steps.tolist(), values.tolist(), strict=True)) == expected
    assert slow.wandb.curve("val/loss") == expected


def test_epochs_agree(slow: Panels) -> None:
    """A timeline in the recording, a key of the row in W&B, a field of the line in the log."""
    epochs = [0, 0, 1, 1, 2, 2]

    assert rrd.scalars(slow.recording, "/train/loss", "epoch")[0].tolist() == epochs
    assert [row["epoch"] for row in slow.wandb.history if "train/loss" in row] == epochs
    updated = [line["epoch"] for line in slow.lines if line["message"] == "updated"]
    assert updated == epochs


def test_words_carry_the_step_of_their_numbers(slow: Panels) -> None:
    """The same lines at the same steps in all three places."""
    said = [(0, "before training"), *((step, "updated") for step in range(1, 7)), (6, "trained")]

    lines = [line for line in slow.lines if line["logger"] in ("model", "event")]
    assert [(line["step"], line["message"]) for line in lines] == said
    recorded = [(step, text) for step, _, _, text in rrd.text_log(slow.recording)]
    assert recorded == said
    assert slow.wandb.console == [
        "step 0 train INFO model: before training",
        *(f"step {step} train INFO model: updated" for step in range(1, 7)),
        "step 6 train EVENT trained",
    ]


def test_the_numbers_in_the_log_are_those_of_their_step(slow: Panels) -> None:
    """The log has only some of the rows, and each of them is a row of the recording."""
    steps, values = rrd.scalars(slow.recording, "/train/loss")
    recorded = dict(zip(steps.tolist(), values.tolist(), strict=True))
    lines = [line for line in slow.lines if "train/loss" in line.get("numbers", {})]

    told = {line["step"]: float(line["numbers"]["train/loss"]) for line in lines}
    np.testing.assert_array_equal([*told.values()], [recorded[step] for step in told])
    assert max(told) == 6


def test_the_recording_has_every_number_of_a_fast_loop(fast: Panels) -> None:
    """Nothing is thinned there."""
    steps, values = rrd.scalars(fast.recording, "/train/loss")

    assert steps.tolist() == list(range(1, 301))
    assert values.tolist() == [step**2 for step in range(300)]


def test_wandb_has_the_means_of_a_fast_loop(fast: Panels) -> None:
    """Each row stands at a step that was, and holds the mean since the row before it."""
    curve = fast.wandb.curve("train/loss")
    cuts = [0, *(step for step, _ in curve)]

    times, _ = rrd.scalars(fast.recording, "/train/loss", "log_time")
    assert 2 <= len(curve) <= 1 + (times[-1] - times[0]) / 0.1e9
    assert cuts[-1] == 300
    means = [np.mean(np.arange(a, b) ** 2) for a, b in itertools.pairwise(cuts)]
    np.testing.assert_allclose([value for _, value in curve], means)
    twice = fast.wandb.curve("train/twice")
    assert twice == [(step, 2 * value) for step, value in curve]


def test_everything_is_accounted_for(slow: Panels, fast: Panels) -> None:
    """Each sink took in what it was given, windows counted with all their values."""
    for panels, numbers in ((slow, 10), (fast, 600)):
        sinks = panels.story["totals"]["sinks"]
        assert {name: told["shed"] for name, told in sinks.items()} == {
            "rerun": {},
            "text": {},
            "wandb": {},
        }
        for told in sinks.values():
            assert told["accepted"] == told["delivered"] >= numbers
