"""The recording's process fails. Training, the other panels and the exit are not affected."""

from __future__ import annotations

from pathlib import Path

from tests.support import rrd, run_folder
from tests.support.drill import drill
from tests.support.faults import Fault
from triptych.archive.folder import RunFolder
from triptych.archive.repair import repair

_KILLED = """
import psutil

run = triptych.run("p", root="runs", wandb="offline", console=False)
picture = triptych.Image(np.zeros((8, 8), np.uint8))

def train(steps):
    for _ in run.steps(range(steps)):
        run.log({"train/loss": 1 / run.step, "picture": picture})
        logging.getLogger("model").info("step")
        time.sleep(0.02)

train(20)
run.flush()
(mine,) = [one for one in psutil.Process().children() if "RerunSink" in one.cmdline()]
mine.kill()
train(50)
account(run, arrived=run.close())
sys.exit(7)
"""


def test_numbers_and_words_outlive_its_process(tmp_path: Path, fault: Fault) -> None:
    """They are in the journal, from which `repair` puts them back; pictures are counted."""
    ended = drill(_KILLED, tmp_path)
    panels = run_folder.find(tmp_path / "runs")

    assert (ended.code, ended.told["arrived"]) == (7, False)
    assert "the process of the sink is gone" in panels.log
    assert ended.sinks["rerun"]["shed"]["error"] >= 50
    assert ended.sinks["wandb"]["shed"] == ended.sinks["text"]["shed"] == {}
    repair(RunFolder(panels.folder))
    assert rrd.scalars(panels.recording, "/train/loss")[0].tolist() == list(range(1, 71))
    assert [step for step, _ in rrd.images(panels.recording, "/picture")] == list(range(1, 21))
    fault(
        "out-of-memory",
        case="that of the recording",
        kept="numbers, words and events, by `triptych repair`",
        shed="the pictures that follow, counted",
        held=ended.held,
    )
