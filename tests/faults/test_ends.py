"""How a process ends, is stopped and goes on, and what is logged while it does."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support import environment, rrd, run_folder
from tests.support.drill import drill
from tests.support.faults import Fault
from triptych.archive.folder import RunFolder
from triptych.archive.repair import repair

_SUDDEN = """
import ctypes

run = triptych.run("p", root="runs", wandb="offline", console=False)
for _ in run.steps(range(500)):
    run.log({{"train/loss": 1 / run.step}})
run.event("the end is near")
account(run)
{end}
"""


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("os._exit(3)", 3),
        ("os.abort()", -signal.SIGABRT),
        ("ctypes.string_at(0)", -signal.SIGSEGV),
    ],
)
def test_an_end_without_a_last_word_costs_nothing_once_repaired(
    end: str, code: int, tmp_path: Path, fault: Fault
) -> None:
    """No handler runs then, and none is needed: the journal has it."""
    ended = drill(_SUDDEN.format(end=end), tmp_path)
    folder = RunFolder(run_folder.find(tmp_path / "runs").folder)
    repair(folder)

    assert ended.code == code
    steps, values = rrd.scalars(folder.recording(1), "/train/loss")
    assert steps.tolist() == list(range(1, 501))
    assert values.tolist() == [1 / step for step in range(1, 501)]
    assert rrd.verify(folder.recording(1)) == 0
    assert "event: the end is near" in folder.log.read_text()
    assert folder.read_json()["status"] == "killed"
    fault(
        "exit",
        case=end.partition("(")[0].replace("ctypes.string_at", "a segmentation fault"),
        kept="numbers, words and events, by `triptych repair`",
        shed="pictures of the last moment; at W&B what it had not written",
        held=ended.held,
    )


_IMPATIENT = """
import signal, threading
import triptych
from triptych.sinks.memory import MemorySink

class Hanging(MemorySink):
    name = "hanging"
    def close(self, status, error, deadline):
        print("there", flush=True)
        threading.Event().wait()

run = triptych.run("p", root="runs", sinks=[Hanging()], console=False)
run.log({"a": 1})
with run:
    print("there", flush=True)
    signal.pause()
"""


def test_a_second_ctrl_c_ends_the_wait(tmp_path: Path, fault: Fault) -> None:
    """The first one closes the run, which waits 30 s for a sink that hangs."""
    env = environment.isolated(tmp_path)
    with environment.start(_IMPATIENT, env, cwd=tmp_path) as child:
        assert child.stdout is not None
        for _ in range(2):
            assert child.stdout.readline() == "there\n"
            child.send_signal(signal.SIGINT)
        assert child.wait(10) == -signal.SIGINT
    story = run_folder.find(tmp_path / "runs").story
    assert (story["status"], story["exit_code"]) == ("interrupted", 130)
    fault("ctrl-c", case="twice", kept="the status and the exit code", shed="what had not arrived")


_UNREAD = """
import logging, signal, sys
import triptych

signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as `nohup` and `disown` have it
with triptych.run("p", root="runs", wandb=False) as run:
    for _ in run.epochs(2):
        for _ in run.steps(range(50)):
            run.log({"train/loss": 1 / run.step})
            logging.getLogger("model").info("line")
            if run.step == 50:
                run.flush()
                sys.stdin.read()
print("after")
sys.exit(7)
"""


@pytest.mark.parametrize("kind", ["terminal", "pipe"])
def test_whoever_reads_along_may_go(kind: str, tmp_path: Path, fault: Fault) -> None:
    """The window is closed on a training in the background; `| head` has seen enough."""
    ours, theirs = pty.openpty() if kind == "terminal" else os.pipe()
    env = environment.isolated(tmp_path) | {"TERM": "xterm"}
    with subprocess.Popen(
        [sys.executable, "-c", _UNREAD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=env,
        cwd=tmp_path,
        text=True,
    ) as child:
        os.close(theirs)
        seen = b""
        while b"step 50 " not in seen:
            seen += os.read(ours, 2**16)
        os.close(ours)
        out, _ = child.communicate("", timeout=60)

    panels = run_folder.find(tmp_path / "runs")
    assert (child.returncode, out) == (7, "after\n")
    assert panels.story["status"] == "finished"
    assert all(sink["shed"] == {} for sink in panels.story["totals"]["sinks"].values())
    assert panels.log.count("model: line") == 100
    fault("unread", case=f"a {kind}", kept="all, in the files", shed="what nobody reads")


_LAST_WORDS = """
import atexit

run = triptych.run("p", root="runs", wandb="offline", console=False)

class Last:
    def __del__(self):
        run.log({"last": 1})
        logging.getLogger("last").info("from __del__")

def speak():
    run.log({"atexit": 1})
    run.event("from atexit")

kept = Last()
kept.me = kept  # found by the collector, at the very end
atexit.register(speak)  # after ours: it runs before the run closes

def log():
    while True:
        run.log({"thread": 1.0})
        time.sleep(0.001)

atexit.register(account, run)
threading.Thread(target=log, daemon=True).start()
for _ in run.steps(range(50)):
    run.log({"train/loss": 1 / run.step})
sys.exit(7)
"""


def test_logging_as_python_ends_neither_hangs_nor_complains(tmp_path: Path, fault: Fault) -> None:
    """From an exit hook, a daemon thread, and an object of the last collection."""
    ended = drill(_LAST_WORDS, tmp_path, env={"PYTHONWARNINGS": "ignore"})
    panels = run_folder.find(tmp_path / "runs")

    assert (ended.code, ended.err) == (7, "")
    assert ended.seconds < 30
    assert rrd.scalars(panels.recording, "/train/loss")[0].tolist() == list(range(1, 51))
    assert len(rrd.scalars(panels.recording, "/atexit")[0]) == 1
    assert "event: from atexit" in panels.log
    fault(
        "shutdown",
        kept="all up to the moment the run closes",
        shed="what comes later",
        held=ended.held,
    )


_STOPPED = """
run = triptych.run("p", root="runs", wandb="offline", console=False)

def train(steps):
    for _ in run.steps(range(steps)):
        run.log({{"train/loss": 1 / run.step}})
        time.sleep(0.002)

train(100)
{what}
train(100)
account(run, arrived=run.close())
"""

_SUSPEND = """
child = os.fork()
if child == 0:
    time.sleep(2)
    os.kill(os.getppid(), signal.SIGCONT)
    os._exit(0)
os.kill(os.getpid(), signal.SIGSTOP)
os.waitpid(child, 0)
"""

_SET_CLOCK = """
wall, shift = time.time, {{}}
time.time = lambda: wall() + shift.get("by", 0)
shift["by"] = -3600
train(100)
shift["by"] = 86400
"""


@pytest.mark.parametrize(("fault_name", "what"), [("suspended", _SUSPEND), ("clock", _SET_CLOCK)])
def test_time_that_jumps_changes_nothing(
    fault_name: str, what: str, tmp_path: Path, fault: Fault
) -> None:
    """Stopped for two seconds with all its threads; or the clock goes back an hour."""
    ended = drill(_STOPPED.format(what=what.format()), tmp_path)
    panels = run_folder.find(tmp_path / "runs")

    assert (ended.code, ended.told["arrived"]) == (0, True)
    total = 300 if what == _SET_CLOCK else 200
    for sink in ended.sinks.values():
        assert sink["shed"] == {}
    steps, _ = rrd.scalars(panels.recording, "/train/loss")
    assert steps.tolist() == list(range(1, total + 1))
    assert panels.wandb.curve("train/loss")[-1][0] == total
    assert f"step {total} train" in panels.log
    fault(fault_name, kept="all, by step; the wall time as it was", held=ended.held)


_CLOSED_TWICE = """
run = triptych.run("p", root="runs", wandb="offline", console=False)
for _ in run.steps(range(50)):
    run.log({"train/loss": 1 / run.step})
answers = []
closing = [threading.Thread(target=lambda: answers.append(run.close())) for _ in range(4)]
for thread in closing:
    thread.start()
for thread in closing:
    thread.join()
answers.append(run.close("failed"))
for _ in range(3):
    run.log({"late": 1})
run.event("late")
run.flush()
account(run, answers=answers, late=run.totals.after_close, status=run.status)
"""


def test_closing_from_four_threads_is_closing_once(tmp_path: Path, fault: Fault) -> None:
    """Each waits for the end and is told the same; what comes after is counted."""
    ended = drill(_CLOSED_TWICE, tmp_path)
    panels = run_folder.find(tmp_path / "runs")

    assert ended.code == 0
    assert ended.told["answers"] == [True] * 5
    assert (ended.told["late"], ended.told["status"]) == (4, "finished")
    assert ended.err.count("run.log was called after the run was closed") == 1
    assert rrd.scalars(panels.recording, "/train/loss")[0].tolist() == list(range(1, 51))
    assert "/late" not in rrd.entities(panels.recording)
    fault("late", kept="all up to the close", shed="what comes after it, counted", held=ended.held)


_AGAIN = """
import asyncio

asyncio_log = []
handler = logging.Handler()
handler.emit = asyncio_log.append
logging.getLogger("asyncio").addHandler(handler)

async def train():
    asyncio.get_running_loop().slow_callback_duration = 0.05
    run = triptych.run("p", "first", root="runs", wandb=False, console=False)
    await asyncio.sleep(0)  # opening a run takes its time
    asyncio_log.clear()
    for step in run.steps(range(200)):
        run.log({"train/loss": 1 / run.step, "x": step})
        await asyncio.sleep(0.001)
    return run

first = asyncio.run(train(), debug=True)
again = triptych.run("p", "second", root="runs", wandb=False, console=False)  # a cell, run again
for _ in again.steps(range(10)):
    again.log({"train/loss": 1.0})
account(first, slow=[record.getMessage() for record in asyncio_log])
"""


def test_an_event_loop_is_not_held_up_and_a_cell_may_be_run_again(
    tmp_path: Path, fault: Fault
) -> None:
    """Two runs that nobody closes, as in a notebook: the end of the process ends both."""
    ended = drill(_AGAIN, tmp_path)
    first, second = sorted(
        (tmp_path / "runs" / "p").iterdir(), key=lambda one: "second" in one.name
    )

    assert (ended.code, ended.told["slow"]) == (0, [])
    assert rrd.scalars(first / "recording-1.rrd", "/x")[0].tolist() == list(range(1, 201))
    losses = rrd.scalars(second / "recording-1.rrd", "/train/loss")[1].tolist()
    assert losses == [1.0] * 10
    for run in (first, second):
        assert RunFolder(run).read_json()["status"] == "finished"
    fault("again", kept="all, each run its own", held=ended.held)


_KILLED = """
import psutil

run = triptych.run("p", root="runs", wandb="offline", console=False)
for _ in run.steps(range(50)):
    run.log({"train/loss": 1 / run.step, "picture": triptych.Image(np.zeros((80, 80), np.uint8))})
run.flush()
helpers = [one.pid for one in psutil.Process().children(recursive=True)]
account(run, helpers=helpers)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_leaves_nothing_elsewhere_that_others_can_read(tmp_path: Path, fault: Fault) -> None:
    """W&B keeps two folders for temporary files, by its own choice; there is no third."""
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    home.mkdir()
    temporary.mkdir()
    ended = drill(_KILLED, home, env={"TMPDIR": str(temporary)})
    helpers = [one for one in psutil.process_iter() if one.pid in ended.told["helpers"]]
    psutil.wait_procs(helpers, 20)  # they notice, and tidy up
    left = [one for one in temporary.iterdir() if not one.is_socket()]

    assert ended.code == -signal.SIGKILL
    assert all("wandb" in one.name for one in left)
    assert [oct(one.stat().st_mode)[-3:] for one in left] == ["700"] * len(left)
    assert {one.name for one in home.iterdir()} <= {"runs", "CACHE"}
    fault(
        "leftovers",
        kept="all within the run folder",
        shed="two temporary folders of W&B's stay, readable by their owner only",
        held=ended.held,
    )
