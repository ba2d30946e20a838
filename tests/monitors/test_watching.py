"""All monitors at once, in a loop of one's own."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.monitors.small import EACH, Still, backward, digits, make_model, open_run
from triptych.monitors import Monitors, watch
from triptych.rank import set_rank
from triptych.sinks.memory import MemorySink


def test_a_loop_is_measured_by_update(tmp_path: Path) -> None:
    """Batches of one update together, phases apart, and at the end what is left."""
    sink = MemorySink()
    with open_run(tmp_path, sink) as run:
        watch(run, monitors=Monitors(pace=2, system=0))
        for _ in run.epochs(1):
            for _ in run.steps(digits(9), accumulate=2):
                pass
            with run.phase("val"):
                for _ in run.steps(digits(3)):
                    pass

    speeds = ("throughput/steps_per_second", "throughput/samples_per_second")
    steps, samples = (sink.numbers[path] for path in speeds)
    assert [step for step, _ in steps] == [2, 4, 5]
    per_update = [fast / slow for (_, fast), (_, slow) in zip(samples, steps, strict=True)]
    assert per_update == pytest.approx([16, 16, 8])
    ((step, seconds),) = sink.numbers["time/val"]
    assert step == 5
    assert seconds > 0
    waits = (sink.numbers["system/data_wait"], sink.numbers["time/data_wait"])
    for (_, percent), (_, wait), (_, speed) in zip(*waits, steps, strict=True):
        assert percent == pytest.approx(100 * wait * speed)


def test_a_rank_that_does_not_write_does_nothing(tmp_path: Path) -> None:
    """No hook, no thread, no look."""
    set_rank(1)
    try:
        model = make_model()
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        with (
            open_run(tmp_path, MemorySink()) as run,
            watch(run, model, optimizer, EACH) as watching,
        ):
            assert not run.active
            assert not watching.active
            assert not watching.hooked
            assert not optimizer._optimizer_step_pre_hooks
            for _ in backward(run, model, optimizer, 2):
                optimizer.step()
    finally:
        set_rank(None)


def test_a_monitor_that_fails_is_told_once_and_the_training_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """All end, and the hooks are gone."""
    sink, model = MemorySink(), make_model()
    optimizer = Still(model.parameters())
    groups = optimizer.param_groups
    with open_run(tmp_path, sink) as run:
        watching = watch(run, model, optimizer, EACH)
        for _ in backward(run, model, optimizer, 4):
            optimizer.param_groups = None if run.step == 2 else groups
            optimizer.step()
            optimizer.param_groups = groups
        assert not watching.active

    assert [step for step, _ in sink.numbers["train/grad_norm"]] == [1]
    assert not optimizer._optimizer_step_pre_hooks
    (told,) = [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert told.getMessage() == "The monitors have ended; training goes on."
    assert told.exc_info is not None


def test_closed_monitors_leave_the_optimizer_as_it_was(tmp_path: Path) -> None:
    """And log no more."""
    sink, model = MemorySink(), make_model()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with open_run(tmp_path, sink) as run:
        watching = watch(run, model, optimizer, EACH)
        for _ in backward(run, model, optimizer, 4):
            optimizer.step()
            if run.step == 2:
                watching.close()
        watching.close()

    assert not optimizer._optimizer_step_pre_hooks
    assert not optimizer._optimizer_step_post_hooks
    assert [step for step, _ in sink.numbers["train/grad_norm"]] == [1, 2]
    assert sink.numbers["throughput/steps_per_second"][-1][0] <= 2


def test_a_forked_child_watches_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Its loop runs on, and what it does is not in the run."""
    sink, model = MemorySink(), make_model()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with open_run(tmp_path, sink) as run:
        watching = watch(run, model, optimizer, Monitors(gradients=1, pace=1, system=0.01))
        child = os.fork()
        if child == 0:  # no pytest beyond this point, whatever happens
            code = 1
            try:
                for _ in range(2):
                    run.advance()
                    model(torch.ones(1, 64)).sum().backward()
                    optimizer.step()
                watching.close()
                code = 0 if not watching.active else 2
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert watching.active

    assert "train/grad_norm" not in sink.numbers
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gradients": 0}, "gradients is a number of updates, at least 1, not 0"),
        ({"modules": -1}, "modules is a number of updates"),
        ({"pace": 0}, "pace is a number of updates"),
        ({"system": -1.0}, "system is a number of seconds, 0 for none, not -1.0"),
        ({"system": float("nan")}, "system is a number of seconds"),
    ],
)
def test_settings_out_of_range_are_refused(options: dict[str, Any], message: str) -> None:
    """When they are made, with what would be right."""
    with pytest.raises(ValueError, match=message):
        Monitors(**options)
