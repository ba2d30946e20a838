"""W&B fails: its process, its server, its network. The recording and the exit are not affected."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from tests.support import rrd, run_folder, wandb_files
from tests.support.drill import Drilled, drill
from tests.support.faults import Fault
from tests.support.run_folder import Panels
from tests.support.threads import run_all
from tests.support.wandb_server import WandbServer

_KILLED = """
import psutil

run = triptych.run("p", root="runs", wandb="offline", console=False)

def train(steps):
    for _ in run.steps(range(steps)):
        run.log({"train/loss": 1 / run.step})
        logging.getLogger("model").info("step")
        time.sleep(0.02)

train(20)
run.flush()
time.sleep(0.5)  # in which it writes what it has
(core,) = [one for one in psutil.Process().children(recursive=True) if "core" in one.name()]
core.kill()
train(50)
account(run, arrived=run.close())
sys.exit(7)
"""


def test_its_process_is_replaced_when_it_dies(tmp_path: Path, fault: Fault) -> None:
    """Its own `log` and `finish` would raise, for ever, and its exit hook print that (0.31)."""
    ended = drill(_KILLED, tmp_path)
    panels = run_folder.find(tmp_path / "runs")
    before, after = wandb_files.folders(panels.folder / "wandb")

    assert (ended.code, ended.told["arrived"]) == (7, True)
    assert "Traceback" not in ended.err
    assert panels.log.count("W&B's own process has ended; the run goes on there") == 1
    assert [sink["shed"] for sink in ended.sinks.values()] == [{}] * 3
    first, second = wandb_files.read(before), wandb_files.wait(after)
    assert (first.exit_code, second.exit_code, second.id) == (None, 0, panels.folder.name)
    assert first.curve("train/loss")[-1][0] == 20
    assert second.curve("train/loss")[-1][0] == 70
    assert [len(first.console), len(second.console)] == [20, 50]
    assert rrd.scalars(panels.recording, "/train/loss")[0].tolist() == list(range(1, 71))
    for row in ("wandb-killed", "out-of-memory"):
        fault(
            row,
            kept="all; W&B gets a new process and the rest of the run",
            shed="at W&B a quarter of a second before",
            held=ended.held,
        )


_SHORT = """
from triptych.sinks.wandb import start
start._PATIENCE = 3

began = time.monotonic()
run = triptych.run("digits", root="runs", console=False)
opening = time.monotonic() - began
for _ in run.steps(range(3)):
    run.log({"train/loss": 1 / run.step})
account(run, arrived=run.close(), opening=opening)
"""


def test_a_run_stays_offline_where_nobody_answers(tmp_path: Path, fault: Fault) -> None:
    """Training begins soon, the numbers are on the disk, and the log says so."""
    servers = {how: WandbServer() for how in ("refuses", "fails", "stalls", "is away")}
    servers["refuses"].answer("UpsertBucket", status=401)
    servers["fails"].answer("UpsertBucket", status=500)
    servers["stalls"].answer("UpsertBucket", stall=600)
    servers["is away"].close()
    for how in servers:
        (tmp_path / how).mkdir()
    runs = [
        partial(drill, _SHORT, tmp_path / how, env=server.env()) for how, server in servers.items()
    ]
    ends = run_all(*runs)

    for (how, server), ended in zip(servers.items(), ends, strict=True):
        assert isinstance(ended, Drilled)
        assert (ended.code, ended.told["arrived"]) == (0, True), how
        assert ended.told["opening"] < 40  # four at a time; each waits 3 s
        assert server.runs == {}
        panels = run_folder.find(tmp_path / how / "runs")
        _check_offline(panels, "W&B did not answer, so this run stays offline")
        assert ended.sinks["wandb"]["shed"] == {}
        fault(
            "wandb-refuses",
            case=f"the server {how}",
            kept="all, offline; the log has the command that uploads it",
            held=ended.held,
        )
        if how != "is away":
            server.close()


def test_a_key_that_is_none_keeps_a_run_offline(tmp_path: Path, fault: Fault) -> None:
    """W&B refuses it before it asks a server; that is no reason to lose the run."""
    ended = drill(_SHORT, tmp_path, env={"WANDB_API_KEY": "short"})

    assert ended.told["arrived"]
    _check_offline(run_folder.find(tmp_path / "runs"), "W&B does not take the API key")
    fault("wandb-refuses", case="the API key is none", kept="all, offline", held=ended.held)


def _check_offline(panels: Panels, said: str) -> None:
    (folder,) = (panels.folder / "wandb").glob("offline-run-*")
    offline = wandb_files.wait(folder)

    assert said in panels.log
    assert panels.story["opens_with"]["wandb"].endswith(f"triptych sync {panels.folder}")
    assert offline.exit_code == 0
    assert offline.curve("train/loss")[-1][0] == 3


_HURRIED = """
run = triptych.run("digits", root="runs", console=False)
for _ in run.steps(range(3)):
    run.log({"train/loss": 1 / run.step})
    time.sleep(0.25)
account(run, arrived=run.close(timeout=3))
"""


def test_a_server_that_stalls_holds_up_no_exit(tmp_path: Path, fault: Fault) -> None:
    """`close` keeps its deadline and tells the truth; what W&B has is on the disk."""
    with WandbServer() as server:
        server.answer("filestream", stall=600)
        ended = drill(_HURRIED, tmp_path, env=server.env())

    panels = run_folder.find(tmp_path / "runs")
    assert (ended.code, ended.told["arrived"]) == (0, False)
    assert ended.seconds < 20
    on_disk = wandb_files.read(panels.wandb_folder)
    assert [step for step, _ in on_disk.curve("train/loss")] == [1, 2, 3]
    hint = panels.story["opens_with"]["wandb"]
    assert hint.endswith(f"triptych sync {panels.folder}")
    assert panels.story["status"] == "finished"
    assert ended.sinks["rerun"]["shed"] == {}
    fault(
        "wandb-stalls",
        kept="all, in W&B's own file; the closing table has the command that sends the rest",
        held=ended.held,
    )
