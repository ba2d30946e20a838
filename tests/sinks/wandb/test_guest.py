"""In a W&B run that somebody else has opened: beside the host's numbers, and never in their way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support import environment, wandb_files
from tests.support.wandb_files import WandbRun

# `HOST(step, loss)` is what the host logs, before the sink has its turn.
GUEST = """
    import logging
    import wandb
    import triptych
    from tests.support import pictures
    from triptych.pipeline.cadence import Route
    from triptych.sinks.wandb import WandbSink

    host = wandb.init(mode="offline", project="theirs", id="host")
    DEFINE
    route = Route(WandbSink(host))
    with triptych.run("guest", root="runs", sinks=[route], console=False) as run:
        for _ in run.steps(range(3)):
            loss = 1 / run.step
            HOST
            run.log({"train/loss": loss, "own": run.step})
            assert run.flush()
        run.log({"val/pred": triptych.Image(pictures.RGB)})
        logging.getLogger("model").info("done")
    print(run.totals.sinks["wandb"].shed)
    host.log({"afterwards": 1})
    host.finish(exit_code=3)
"""

# As Lightning's WandbLogger numbers its rows: update k is k - 1.
LIGHTNING = (
    'host.define_metric("*", step_metric="trainer/global_step", step_sync=True)',
    'host.log({"train/loss": loss, "trainer/global_step": run.step - 1})',
)
# As the callback of the Hugging Face Trainer does: update k is k.
HF = (
    'host.define_metric("*", step_metric="train/global_step", step_sync=True)',
    'host.log({"train/loss": loss, "train/global_step": run.step})',
)
PLAIN = ("pass", "pass")

# As an adapter knows it from the start: numbers are the host's own affair.
KNOWN = """
    import wandb
    import triptych
    from tests.support import pictures
    from triptych.pipeline.records import WandbHost

    host = wandb.init(mode="offline", project="theirs", id="host")
    guest = WandbHost(host, "trainer/global_step", -1)
    with triptych.run("guest", root="runs", wandb=guest, console=False) as run:
        for _ in run.steps(range(3)):
            run.log({"train/loss": 1 / run.step})
        run.log({"val/pred": triptych.Image(pictures.RGB)})
    host.finish()
"""


def _read(program: str, home: Path, said: str = "") -> WandbRun:
    assert environment.run(program, environment.isolated(home), cwd=home) == said
    (folder,) = wandb_files.folders(home / "wandb")
    return wandb_files.wait(folder)


def _guest(host: tuple[str, str], home: Path) -> WandbRun:
    program = GUEST.replace("DEFINE", host[0]).replace("HOST", host[1])
    return _read(program, home, "{}\n")


def _steps(run: WandbRun, key: str, axis: str) -> list[Any]:
    return [step for step, _ in run.curve(key, axis)]


@pytest.mark.parametrize(
    ("host", "axis", "steps"),
    [
        (PLAIN, "trainer/global_step", [1, 2, 3]),
        (LIGHTNING, "trainer/global_step", [0, 1, 2]),
        (HF, "train/global_step", [1, 2, 3]),
    ],
    ids=["plain", "Lightning", "Hugging Face"],
)
def test_a_guest_speaks_the_axis_and_numbering_of_its_host(
    host: tuple[str, str], axis: str, steps: list[int], tmp_path: Path
) -> None:
    """Its pictures stand beside the host's numbers, which are not logged again.

    The host then goes on, and its exit code is its own; the guest's end is in the summary, and
    where it came from among the settings.
    """
    run = _guest(host, tmp_path)

    assert _steps(run, "train/loss", axis) == steps
    assert run.curve("own", axis) == list(zip(steps, [1, 2, 3], strict=True))
    assert _steps(run, "val/pred._type", axis) == [steps[-1]]
    assert "step 3 train INFO model: done" in run.console
    other = {"trainer/global_step", "train/global_step"} - {axis}
    assert not other & {key for row in run.history for key in row}
    assert run.history[-1]["afterwards"] == 1
    assert (run.exit_code, run.summary["triptych/status"]) == (3, "finished")
    assert run.config["triptych"]["ending"]["exit_code"] == 0
    assert run.config["triptych"]["packages"]["wandb"]


def test_a_guest_who_knows_its_host_leaves_all_numbers_to_it(tmp_path: Path) -> None:
    """As the adapters do: pictures in the host's numbering, and no number at all."""
    run = _read(KNOWN, tmp_path)

    assert run.curve("train/loss") == []
    assert _steps(run, "val/pred._type", "trainer/global_step") == [2]
