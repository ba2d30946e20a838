"""Faults at random: whatever the sinks do, accepted = delivered + shed + recoverable, exactly.

Three threads log while real and other sinks raise and are slow; with every second seed one hangs.
`FAULT_SEEDS=200` tries as many others.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support import rrd, run_folder
from tests.support.drill import Drilled, drill
from tests.support.faults import Fault
from tests.support.run_folder import Panels
from triptych.archive.folder import RunFolder
from triptych.archive.repair import repair

_MANY = int(os.environ.get("FAULT_SEEDS", "0"))
_SEEDS = range(100, 100 + _MANY) if _MANY else (1, 2)

_PROGRAM = """
import random, warnings
from collections import Counter
from triptych import Every, Route
from tests.support.moody import MoodyMemory, MoodyRerun, MoodyWandb
from tests.support.threads import run_all

SEED = {seed}
warnings.simplefilter("ignore")
moody = [MoodyMemory("whole"), MoodyMemory("thinned"), MoodyRerun(), MoodyWandb("offline")]
if SEED % 2 == 0:
    moody.append(MoodyMemory("hanging", hangs_at=random.Random(SEED).randrange(1, 30)))
for sink in moody:
    sink.begin(SEED)
paces = {{"thinned": Every(seconds=0.05), "wandb": Every(seconds=0.1)}}
sinks = [Route(one, numbers=paces[one.name]) if one.name in paces else one for one in moody]
run = triptych.run("moody", root="runs", sinks=sinks)

def work(thread):
    dice, logged = random.Random(SEED * 7 + thread), Counter()

    def log(values):
        run.log(values)
        logged.update(list(values))

    for number in range(600):
        log({{f"t{{thread}}/a": number, "shared": number}})
        if dice.random() < 0.3:
            log({{f"t{{thread}}/b": float("nan"), f"t{{thread}}/a": -1}})
        if dice.random() < 0.05:
            log({{f"t{{thread}}/picture": triptych.Image(np.zeros((60, 60), np.uint8))}})
        if dice.random() < 0.05:
            run.event(f"made {{number}}")
            logged["events"] += 1
        if dice.random() < 0.003:
            run.flush(timeout=dice.choice([0.01, 0.3]))
        if dice.random() < 0.02:
            time.sleep(0.01)
    return logged

def train():
    for _ in run.steps(range(40)):
        time.sleep(0.01)
    run.begin_attempt(timeout=0.5)
    return Counter()

workers = [lambda thread=thread: work(thread) for thread in range(3)]
logged = sum(run_all(train, *workers), Counter())
run.close(timeout=3 if SEED % 2 == 0 else 10)
lost = {{name: sum((Counter(paths) for paths in one.shed.values()), Counter())
        for name, one in run.totals.sinks.items()}}
account(run, logged=logged, kept={{one.name: one.kept for one in moody}}, lost=lost)
"""


@pytest.mark.parametrize("seed", _SEEDS)
def test_whatever_sinks_do_every_value_is_accounted_for(
    seed: int, tmp_path: Path, fault: Fault
) -> None:
    """Counted by the sinks themselves, read back from the files, told alike in all places."""
    ended = drill(_PROGRAM.format(seed=seed), tmp_path)
    hangs = "hanging" in ended.sinks
    panels = run_folder.find(tmp_path / "runs")
    logged = Counter(ended.told["logged"])

    assert ended.code == 0, ended.err
    for name, sink in ended.sinks.items():
        kept, lost = Counter(ended.told["kept"][name]), Counter(ended.told["lost"][name])
        assert sum(kept.values()) == sink["delivered"], (seed, name)
        assert {path: kept[path] + lost[path] for path in logged} == logged, (seed, name)
    _check_told(panels, ended, hangs=hangs)

    repair(RunFolder(panels.folder))
    assert _recorded(panels.folder) == {
        path: count for path, count in logged.items() if not path.endswith("picture")
    }
    fault(
        "raises",
        case="at random, beside one that hangs" if hangs else "at random",
        kept="by `triptych repair` every number and event; at W&B what it took in",
        shed="what the others refused, counted by path",
        held=ended.held,
    )


def _check_told(panels: Panels, ended: Drilled, *, hangs: bool) -> None:
    """In run.json, in the closing table, in W&B's summary; the recording may lack them."""
    story = panels.story["totals"]["sinks"]
    for name, sink in ended.sinks.items():
        shed = {why: sum(paths.values()) for why, paths in story[name]["shed"].items()}
        assert (story[name]["accepted"], story[name]["delivered"], shed) == tuple(sink.values())
        table = [line for line in ended.err.splitlines() if line.startswith(f"{name} ")]
        assert f"{sink['delivered']:,} delivered" in table[-1]
        assert f"{sum(shed.values()):,} shed" in table[-1] or not shed
    if not hangs:  # the others do not wait for one that hangs, to say what became of it
        told = _flat(ended.sinks)
        summary = panels.wandb.summary
        assert {name: summary[f"triptych/{name}"] for name in told} == told
        newest = max(panels.folder.glob("recording-*.rrd"))
        properties = rrd.properties(newest)["totals"]
        found = {name.replace(".", "/"): count for name, (count,) in properties.items()}
        assert {name: found[name] for name in told} == told


def _flat(sinks: dict[str, dict[str, Any]]) -> dict[str, int]:
    flat = {}
    for name, sink in sinks.items():
        flat |= {f"{name}/{what}": sink[what] for what in ("accepted", "delivered")}
        flat |= {f"{name}/shed/{why}": count for why, count in sink["shed"].items()}
    return flat


def _recorded(folder: Path) -> Counter[str]:
    """How many numbers and events there are, by path, in all attempts."""
    found: Counter[str] = Counter()
    for file in folder.glob("recording-*.rrd"):
        assert rrd.verify(file) == 0
        for path in rrd.scalar_paths(file):
            if re.fullmatch(r"/shared|/t\d/[ab]", path):
                found[path[1:]] += len(rrd.scalars(file, path)[0])
        found["events"] += sum(text.startswith("made") for *_, text in rrd.text_log(file))
    return found
