"""How a process ends, and what its run says of it: each in a child process of its own."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.support import environment
from tests.support.endings import OPEN, Ended, run
from tests.support.faults import Fault


def test_ctrl_c_stays_one_where_the_table_is_printed(tmp_path: Path) -> None:
    """What the table needs is loaded before: Python would forget why it ends, and exit with 1."""
    program = """
import os, signal, time, triptych
triptych.run("p", root="runs", wandb=False)
os.kill(os.getpid(), signal.SIGINT)
time.sleep(60)
"""
    with environment.start(program, environment.isolated(tmp_path), cwd=tmp_path) as child:
        _, err = child.communicate(timeout=60)
    assert child.returncode == -2
    assert "interrupted at step 0" in err


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("", ("finished", 0, 0)),
        ("sys.exit()", ("finished", 0, 0)),
        ("sys.exit(0)", ("finished", 0, 0)),
        ("sys.exit(3)", ("failed", 3, 3)),
        ("sys.exit('text')", ("failed", 1, 1)),
        ("exit(3)", ("failed", 3, 3)),
        ("quit()", ("finished", 0, 0)),
        ("raise ValueError('out of luck')", ("failed", 1, 1)),
        ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)", ("interrupted", 143, 143)),
        ("os.kill(os.getpid(), signal.SIGINT); time.sleep(60)", ("interrupted", 130, -2)),
    ],
)
@pytest.mark.parametrize("block", ["", "with run: "], ids=["bare", "with"])
def test_end_of_the_process_is_the_end_of_the_run(
    tmp_path: Path, block: str, end: str, status: tuple[str, int, int], fault: Fault
) -> None:
    """Whether or not it was in a `with` block; the process ends as it would have ended."""
    ended = run(tmp_path, f"{block}{end or 'pass'}")
    assert ended.status == status
    if not block:
        fault("forgotten", kept="the end, the status and the exit code")


def test_exception_that_nobody_catches_is_in_the_log_and_printed_once(tmp_path: Path) -> None:
    """By the hook that was there before."""
    ended = run(
        tmp_path,
        """
logging.getLogger("a").info("hello")
def fail():
    raise ValueError("out of luck")
fail()
""",
    )
    assert ended.err.count("ValueError: out of luck") == 1
    assert "CRITICAL step 1 train | error: ValueError: out of luck\nTraceback" in ended.log
    assert ended.log.count("in fail\n") == 1
    assert ended.runs[0]["attempts"][0]["error"] == "ValueError: out of luck"


@pytest.mark.parametrize(
    "end", ["os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)", "sys.exit(3)", "exit(3)"]
)
def test_a_request_to_exit_is_recorded_with_the_place_it_came_from(
    tmp_path: Path, end: str
) -> None:
    """Without a `with` block too, where only the exit of the process is seen."""
    ended = run(tmp_path, f"def train_step():\n    {end}\ntrain_step()")
    assert "in train_step\n" in ended.runs[0]["attempts"][0]["traceback"]
    assert "in train_step\n" in ended.log


def test_hooks_that_were_there_before_are_called(tmp_path: Path) -> None:
    """Ours stand before them."""
    program = "import sys\nsys.excepthook = lambda *error: print('theirs', error[1])\n"
    with environment.start(
        program + OPEN + "raise ValueError('x')", environment.isolated(tmp_path), cwd=tmp_path
    ) as child:
        ended = Ended(tmp_path, child)
    assert (ended.out, ended.err, ended.status) == ("theirs x\n", "", ("failed", 1, 1))


def test_exit_of_a_thread_is_not_that_of_the_process(tmp_path: Path) -> None:
    """`sys.exit` ends the thread that calls it."""
    ended = run(tmp_path, "t = threading.Thread(target=sys.exit, args=(3,)); t.start(); t.join()")
    assert ended.status == ("finished", 0, 0)


def test_exit_that_was_caught_before_a_run_opened_is_forgotten(tmp_path: Path) -> None:
    """Parsers of arguments exit, and programs catch it."""
    ended = run(
        tmp_path,
        """
run.close()
try:
    sys.exit(3)
except SystemExit:
    pass
open_run()
""",
    )
    assert [one["status"] for one in ended.runs] == ["finished", "finished"]


def test_exception_that_ends_a_thread_is_a_line_and_the_run_goes_on(tmp_path: Path) -> None:
    """Printed once, as Python does."""
    ended = run(
        tmp_path,
        """
def fail():
    raise ValueError("out of luck")
thread = threading.Thread(target=fail, name="loader")
thread.start()
thread.join()
""",
    )
    assert ended.status == ("finished", 0, 0)
    assert ended.err.count("ValueError: out of luck") == 1
    assert "ERROR   step 1 train | threading: An exception ended thread loader.\n" in ended.log
    assert "in fail\n" in ended.log


def test_sink_that_hangs_does_not_hold_up_the_exit(tmp_path: Path) -> None:
    """Longer than the time that `close` was given."""
    ended = run(
        tmp_path,
        """
class Hanging(MemorySink):
    name = "hanging"
    def write(self, batch):
        threading.Event().wait()

hanging = open_run(Hanging(), name="hanging")
hanging.log({"a": 1})
print(hanging.flush(0.3), hanging.close(timeout=0.3))
""",
    )
    assert (ended.out, ended.status) == ("False False\n", ("finished", 0, 0))


def test_sigterm_of_the_user_stays_theirs(tmp_path: Path) -> None:
    """A job that saves a checkpoint before it is preempted."""
    program = "import signal\nsignal.signal(signal.SIGTERM, lambda *_: print('saved'))\n"
    end = "os.kill(os.getpid(), signal.SIGTERM)\nrun.event('goes on')"
    with environment.start(
        program + OPEN + end, environment.isolated(tmp_path), cwd=tmp_path
    ) as child:
        ended = Ended(tmp_path, child)
    assert (ended.out, ended.status) == ("saved\n", ("finished", 0, 0))
    assert "event: goes on" in ended.log


def test_sigterm_while_training_hangs_in_c_is_obeyed_afterwards(tmp_path: Path) -> None:
    """Sent from outside, as a scheduler does; the line of the loop is in the traceback."""
    program = """
print("there", flush=True)
for _ in run.steps(iter(int, 1)):
    time.sleep(0.01)
"""
    with environment.start(OPEN + program, environment.isolated(tmp_path), cwd=tmp_path) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "there\n"
        child.send_signal(signal.SIGTERM)
        ended = Ended(tmp_path, child)
    assert ended.status == ("interrupted", 143, 143)
    assert "CRITICAL step " in ended.log
    assert "error: Terminated: 143" in ended.log
