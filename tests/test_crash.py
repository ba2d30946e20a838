"""A training that dies at step 37 leaves everything up to there, and says how it died."""

from __future__ import annotations

import json
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import environment, rrd, run_folder, wandb_files
from tests.support.faults import Fault
from triptych.archive.folder import RunFolder
from triptych.archive.repair import repair

STEPS = list(range(1, 38))

IN_A_WITH = """
import signal, sys
import triptych
from tests.support.drill import account, watch

watch()

with triptych.run("crash", root="runs", console=False) as run:
    for _ in run.steps(range(100)):
        run.log({"train/loss": 1 / run.step})
        if run.step == 37:
            account(run)
            END
"""

BARE = """
import signal, sys
import triptych
from tests.support.drill import account, watch

watch()

run = triptych.setup_logging("bare", project="crash", root="runs", console=False)
for _ in run.steps(range(100)):
    run.log({"train/loss": 1 / run.step})
    if run.step == 37:
        account(run)
        END
"""

SLOWLY = """
import time
import triptych

with triptych.run("crash", root="runs", console=False) as run:
    for _ in run.steps(range(10_000)):
        run.log({"train/loss": 1 / run.step})
        print(run.step, flush=True)
        time.sleep(0.03)
"""


@dataclass(frozen=True)
class Death:
    """How a training ends at step 37, and what is to be seen of it.

    Attributes:
        end: the statement.
        sent: the signal which the statement waits for.
        code: the exit code of the process.
        status: the run's.
        told: the exit code in W&B and in `run.json`.
        last: how the traceback ends.
        row: in the table of faults.
    """

    end: str
    code: int
    status: str
    told: int
    last: str
    row: str
    program: str = IN_A_WITH
    sent: signal.Signals | None = None


_RAISE = 'raise RuntimeError("out of luck")'
DEATHS = {
    "exception": Death(_RAISE, 1, "failed", 1, "RuntimeError: out of luck", "exception"),
    "exception without with": Death(
        _RAISE, 1, "failed", 1, "RuntimeError: out of luck", "exception", program=BARE
    ),
    "exit code": Death("sys.exit(3)", 3, "failed", 3, "SystemExit: 3", "exit"),
    "SIGTERM": Death(
        "signal.pause()",
        143,
        "interrupted",
        143,
        "Terminated: 143",
        "sigterm",
        sent=signal.SIGTERM,
    ),
    "Ctrl-C": Death(
        "signal.pause()", -2, "interrupted", 130, "KeyboardInterrupt", "ctrl-c", sent=signal.SIGINT
    ),
}


def _train(program: str, home: Path) -> subprocess.Popen[str]:
    return environment.start(program, environment.isolated(home), cwd=home)


@pytest.mark.parametrize("death", DEATHS.values(), ids=DEATHS.keys())
def test_a_death_is_written_down_everywhere(death: Death, tmp_path: Path, fault: Fault) -> None:
    """All numbers, the traceback at step 37, the status and the exit code."""
    with _train(death.program.replace("END", death.end), tmp_path) as child:
        assert child.stdout is not None
        told = json.loads(child.stdout.readline())
        if death.sent is not None:
            child.send_signal(death.sent)
        child.communicate(timeout=60)
    panels = run_folder.find(tmp_path / "runs")
    story, wandb = panels.story, panels.wandb

    assert child.returncode == death.code
    assert rrd.scalars(panels.recording, "/train/loss")[0].tolist() == STEPS
    assert rrd.verify(panels.recording) == 0
    assert wandb.history[-1]["trainer/global_step"] == 37

    ((step, entity, level, traceback),) = rrd.text_log(panels.recording)
    assert (step, entity, level) == (37, "/errors", "CRITICAL")
    assert traceback.rstrip().splitlines()[-1].endswith(death.last)
    assert f"step 37 train CRITICAL {traceback.rstrip()}".splitlines() == wandb.console
    assert f"CRITICAL step 37 train | error: {death.last.partition(':')[0]}" in panels.log
    assert traceback.rstrip() in panels.log

    assert (story["status"], story["exit_code"], story["step"]) == (death.status, death.told, 37)
    assert story["attempts"][0]["traceback"] == traceback
    assert rrd.properties(panels.recording)["ending"]["status"] == [death.status]
    assert (wandb.summary["status"], wandb.exit_code) == (death.status, death.told)
    assert ("preempting" in wandb.records) == (death.status == "interrupted")
    fault(
        death.row,
        case=death.end if death.row == "exit" else "",
        kept="all numbers, the traceback, the status and the exit code",
        held=told["held"],
    )


@pytest.mark.parametrize("program", [IN_A_WITH, BARE], ids=["in a with", "without with"])
def test_an_exit_with_zero_is_a_good_end(program: str, tmp_path: Path) -> None:
    """`sys.exit(0)` is no error: the run is finished, and nothing else is said."""
    environment.run(
        program.replace("END", "sys.exit(0)"), environment.isolated(tmp_path), cwd=tmp_path
    )
    panels = run_folder.find(tmp_path / "runs")

    assert (panels.story["status"], panels.story["exit_code"]) == ("finished", 0)
    assert rrd.scalars(panels.recording, "/train/loss")[0].tolist() == STEPS
    assert rrd.text_log(panels.recording) == []
    assert panels.wandb.exit_code == 0
    assert "CRITICAL" not in panels.log


def test_a_kill_costs_nothing_once_repaired(tmp_path: Path) -> None:
    """After SIGKILL the recording has every number that `log` has taken; W&B's log reads."""
    told = 0
    with _train(SLOWLY, tmp_path) as child:
        assert child.stdout is not None
        for line in child.stdout:
            told = int(line)
            if told == 37:
                child.kill()
                break
        rest = child.stdout.read().split()
    panels = run_folder.find(tmp_path / "runs")
    done = repair(RunFolder(panels.folder))
    history = wandb_files.read(panels.wandb_folder).curve("train/loss")

    steps = rrd.scalars(panels.recording, "/train/loss")[0].tolist()
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) - told - len(rest) in (0, 1)
    assert done.step == steps[-1]
    assert [step for step, _ in history] == sorted(step for step, _ in history)
    assert panels.story["status"] == "killed"
