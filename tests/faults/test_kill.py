"""SIGKILL at any moment: nothing is lost for which the call had returned."""

from __future__ import annotations

import random
import struct
import time
from pathlib import Path

import pytest

from tests.support import environment, rrd
from tests.support.faults import Fault
from tests.support.run_folder import unrecorded
from triptych.archive.folder import RunFolder
from triptych.archive.repair import Repaired, StillRunning, repair
from triptych.archive.tail import read_tail

_PROGRESS = """
import logging, mmap, os, struct, sys, threading, time
from tests.support.held import Held
from triptych.pipeline import journal

journal._ROWS_BYTES = {block}  # small: many of them come and go
journal._LINES_BYTES = {block}

held = Held()
held.watch()
shared = mmap.mmap(os.open("progress", os.O_RDWR), 4096)

def returned(place, count):
    struct.pack_into("<q", shared, 8 * place, count)
    struct.pack_into("<d", shared, 64, held.longest)
"""

_RUN = """
import triptych
run = triptych.run("p", "killed", root="runs", wandb=False, console=False{resume})
log = logging.getLogger("child")
"""

_JOURNAL = """
from pathlib import Path
from triptych.pipeline.clock import StepClock
from triptych.pipeline.journal import Journal
from triptych.pipeline.ledger import Ledger
from triptych.pipeline.records import Event, Record
ledger, clock = Ledger(Journal(Path("journal/1"))), StepClock()
reader = ledger.reader(clock)  # it never reads: nothing is let go
"""

_THREADS = """
def work(place):
    number = 0
    while True:
{log}
        number += 1
        returned(place, number)

threads = [threading.Thread(target=work, args=(place,)) for place in range({threads})]
for thread in threads:
    thread.start()
print("there", flush=True)
"""

_LINES = """
print("there", flush=True)
number = 0
while True:
    run.advance()
    log.info("line %d", number)
    run.event(f"event {number}")
    run.log({"a": number})
    number += 1
    returned(0, number)
    time.sleep(PAUSE)
"""


def _killed(home: Path, program: str, seconds: float, *, block: int = 4096) -> list[int]:
    """Run a program and kill it so long after it is there.

    Returns:
        How many calls had returned, for each of 8 places.
    """
    (home / "progress").write_bytes(bytes(4096))
    program = _PROGRESS.format(block=block) + program
    with environment.start(program, environment.isolated(home), cwd=home) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "there\n", child.communicate()[1]
        time.sleep(seconds)  # not for synchronisation: this is the moment of death
        child.kill()
        child.communicate(timeout=60)
    assert child.returncode == -9
    return list(struct.unpack("<8q", (home / "progress").read_bytes()[:64]))


def _held(home: Path) -> float:
    """The longest call, in seconds."""
    (longest,) = struct.unpack_from("<d", (home / "progress").read_bytes(), 64)
    return float(longest)


def _folder(home: Path) -> RunFolder:
    (story,) = home.glob("runs/*/*/run.json")
    return RunFolder(story.parent)


def _curve(folder: RunFolder, path: str, attempt: int = 1) -> list[float]:
    values: list[float] = rrd.scalars(folder.recording(attempt), path)[1].tolist()
    return values


def _is_whole(values: list[float], returned: int) -> bool:
    """Each once and in order, up to the last call that returned or the one after it."""
    return values == [float(n) for n in range(len(values))] and len(values) - returned in (0, 1)


@pytest.mark.parametrize("seed", range(20))
def test_rows_of_eight_threads_are_all_in_the_journal(
    seed: int, tmp_path: Path, fault: Fault
) -> None:
    """Killed at a random moment, most often in the midst of a row or of a change of blocks."""
    wait = random.Random(seed).uniform(0.0, 0.15)  # noqa: S311
    append = """\
        row = (f"t{place}", "b"), (number, -number)
        ledger.append_floats(*row, context=0, step=7, when=time.time())"""
    returned = _killed(tmp_path, _JOURNAL + _THREADS.format(log=append, threads=8), wait)
    tail = read_tail(tmp_path / "journal" / "1")

    assert sum(returned) > 0
    for place in range(8):
        rows = [one for one in tail.columns if f"t{place}" in one.paths]
        values = [value for one in rows for value in one.values[:, 0].tolist()]
        assert _is_whole(values, returned[place])
        assert all((one.steps == 7).all() for one in rows)
        assert [value for one in rows for value in one.values[:, 1]] == [-value for value in values]
    fault("sigkill", case="eight threads, 20 moments", kept="every number whose call had returned")


@pytest.mark.parametrize("seconds", [0.0, 0.3, 0.9])
def test_numbers_of_a_fast_loop_are_all_in_the_repaired_recording(
    seconds: float, tmp_path: Path
) -> None:
    """Thousands of rows, from two threads; blocks came and went while the recording grew."""
    program = _RUN.format(resume="") + _THREADS.format(
        log='        run.log({f"t{place}": number, "x": 0.5}); time.sleep(0.0001)', threads=2
    )
    returned = _killed(tmp_path, program, seconds)
    folder = _folder(tmp_path)
    left = sum(len(rows) for rows in read_tail(folder.journal(1)).columns)
    missing = unrecorded(folder)
    done = repair(folder)

    for place in range(2):
        assert _is_whole(_curve(folder, f"/t{place}"), returned[place])
    assert rrd.verify(folder.recording(1)) == 0
    assert done.numbers == sum(batch.size for batch in missing.values())
    if seconds > 0.5:
        assert left < sum(returned) / 2  # what the recording has is let go
    assert not (folder.path / "journal").exists()
    assert folder.read_json()["status"] == "killed"
    assert repair(folder) == Repaired()


@pytest.mark.parametrize("pause", [0.0, 0.05], ids=["fast", "slow"])
def test_words_and_events_are_all_there_after_a_repair(
    pause: float, tmp_path: Path, fault: Fault
) -> None:
    """Each once, in the recording and in train.log, with the numbers of the same step."""
    program = _RUN.format(resume="") + _LINES.replace("PAUSE", str(pause))
    (returned, *_) = _killed(tmp_path, program, 0.7)
    folder = _folder(tmp_path)
    done = repair(folder)

    assert returned > 3
    said = [(step, text) for step, entity, _, text in rrd.text_log(folder.recording(1))]
    for kind in ("line", "event"):
        spoken = sorted(one for one in said if one[1].startswith(kind))
        wanted = [(number + 1, f"{kind} {number}") for number in range(len(spoken))]
        assert spoken == sorted(wanted)
        assert len(spoken) - returned in (0, 1)
        text = folder.log.read_text()
        assert [text.count(f": {words}\n") for _, words in wanted] == [1] * len(wanted)
    values = _curve(folder, "/a")
    assert _is_whole(values, returned)
    assert done.step in (len(values), len(values) + 1)
    assert rrd.verify(folder.recording(1)) == 0
    fault(
        "sigkill",
        case="words and events",
        kept="each whose call had returned, once, by `triptych repair`",
        shed="pictures of the last moment",
        held=_held(tmp_path),
    )


def test_killed_twice_and_resumed_each_attempt_is_whole(tmp_path: Path) -> None:
    """The next start repairs, and goes on at the step that was reached."""
    told = []
    for resume in ("", ', resume="latest"'):
        program = _RUN.format(resume=resume) + _LINES.replace("PAUSE", "0.002")
        told.append(_killed(tmp_path, program, 0.3)[0])
    environment.run(
        _PROGRESS.format(block=4096) + _RUN.format(resume=', resume="latest"') + "run.close()",
        environment.isolated(tmp_path),
        cwd=tmp_path,
    )
    folder = _folder(tmp_path)

    for attempt, returned in enumerate(told, 1):
        assert _is_whole(_curve(folder, "/a", attempt), returned)
        assert rrd.verify(folder.recording(attempt)) == 0
    first, second = (rrd.scalars(folder.recording(attempt), "/a")[0] for attempt in (1, 2))
    assert first[-1] < second[0] <= first[-1] + 2  # the last call may have moved the clock only
    story = folder.read_json()
    assert [one["status"] for one in story["attempts"]] == ["killed", "killed", "finished"]
    assert story["attempts"][2]["step"] >= second[-1]
    assert not (folder.path / "journal").exists()


def test_run_that_goes_on_is_not_repaired(tmp_path: Path) -> None:
    """Its process holds a lock, which goes with it however it ends."""
    program = _PROGRESS.format(block=4096) + _RUN.format(resume="") + _LINES.replace("PAUSE", "0.1")
    (tmp_path / "progress").write_bytes(bytes(4096))
    with environment.start(program, environment.isolated(tmp_path), cwd=tmp_path) as child:
        assert child.stdout is not None
        child.stdout.readline()
        folder = _folder(tmp_path)
        with pytest.raises(StillRunning, match="is still going on"):
            repair(folder)
        assert folder.read_json()["status"] == "running"
        child.kill()
    assert repair(folder).journals == 1


def test_forked_child_neither_writes_to_the_journal_nor_keeps_its_lock(tmp_path: Path) -> None:
    """The blocks are shared with it, and it outlives the parent."""
    program = (
        _RUN.format(resume="")
        + """
run.log({"a": 0})
if os.fork() == 0:
    for number in range(1000):
        run.log({"a": 666, "b": number})
        run.event("from the child")
        log.error("from the child")
    returned(1, 1)
    time.sleep(20)
    os._exit(0)
os.close(1)
while not struct.unpack_from("<q", shared, 8)[0]:
    time.sleep(0.01)
run.log({"a": 1})
returned(0, 2)
os.kill(os.getpid(), 9)
"""
    )
    (tmp_path / "progress").write_bytes(bytes(4096))
    with environment.start(
        _PROGRESS.format(block=4096) + program, environment.isolated(tmp_path), cwd=tmp_path
    ) as child:
        assert child.wait(60) == -9
        folder = _folder(tmp_path)
        tail = read_tail(folder.journal(1))
        done = repair(folder)
    assert [one.paths for one in tail.columns] == [("a",)]
    assert not [one for one in tail.records if "child" in str(one.value)]
    assert _curve(folder, "/a") == [0.0, 1.0]
    assert done.journals == 1


def test_what_a_full_disk_kept_out_of_the_recording_is_put_back(
    tmp_path: Path, fault: Fault
) -> None:
    """The run closed, but its recording could not be written to the end: the journal stays."""
    program = """
import psutil
import resource
for number in range(500):
    run.advance()
    run.log({"a": number})
run.flush()
for process in (psutil.Process(), *psutil.Process().children()):
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (10_000, resource.RLIM_INFINITY))
for number in range(500, 3000):
    run.advance()
    run.log({"a": number})
print(run.close(timeout=5))
"""
    (tmp_path / "progress").write_bytes(bytes(4096))
    program = _PROGRESS.format(block=4096) + _RUN.format(resume="") + program
    told = environment.run(program, environment.isolated(tmp_path), cwd=tmp_path)
    folder = _folder(tmp_path)
    assert told == "False\n"
    assert rrd.verify(folder.recording(1)) == 1

    done = repair(folder)
    assert 2000 < done.numbers < 3000
    assert _curve(folder, "/a") == [float(number) for number in range(3000)]
    assert rrd.verify(folder.recording(1)) == 0
    assert folder.read_json()["status"] == "finished"
    fault(
        "disk-full",
        case="a limit on the size of files",
        kept="all numbers, by `triptych repair`",
    )
