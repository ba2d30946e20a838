"""Repairs of runs whose process was killed: made up here, with real ones in `tests/faults`."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.support import rrd
from tests.support.faults import Fault
from tests.support.run_folder import unrecorded
from triptych.archive.folder import RunFolder
from triptych.archive.repair import Repaired, repair
from triptych.cli.app import app
from triptych.pipeline.clock import StepClock
from triptych.pipeline.journal import Journal
from triptych.pipeline.ledger import Ledger
from triptych.pipeline.records import Artifact, Batch, Event, Failure, Record, RunInfo, Words
from triptych.sinks.rerun import RerunSink
from triptych.visuals import Image

_PICTURE = Record("picture", StepClock(step=1).stamp(), Image(np.zeros((8, 9, 3), np.uint8)))


class _Dying:
    """A run until it is killed: what it logs goes to the journal, what it writes to the recording.

    Args:
        root: of all runs.
    """

    def __init__(self, root: Path) -> None:
        self.folder = RunFolder.create(root, "p")
        self.clock = StepClock()
        self.journal = Journal(self.folder.journal(1))
        self.ledger = Ledger(self.journal)
        self.clock.listen(self.journal.name_context)
        self.journal.name_attempt(1, 0.0)
        self.begin(1)

    def begin(self, attempt: int) -> None:
        """Say in run.json that an attempt goes on."""
        number = {"attempt": attempt, "status": "running", "provenance": {"host": "here"}}
        earlier = self.folder.read_json()["attempts"] if self.folder.run_json.exists() else []
        assert isinstance(earlier, list)
        story = {"project": "p", "name": "cnn", "config": {"lr": 0.1}, "status": "running"}
        self.folder.write_json({**story, "attempts": [*earlier, number]})

    def log(self, step: int, **values: float) -> None:
        """Log numbers, at a time of their own."""
        names, numbers = tuple(values), tuple(values.values())
        self.ledger.append_floats(names, numbers, context=0, step=step, when=1000.0 + step)

    def put(self, record: Record) -> Record:
        """Log something else."""
        self.journal.write(record)
        return record

    @contextmanager
    def recording(self, attempt: int = 1) -> Iterator[RerunSink]:
        """A recording that never gets to its end."""
        file = self.folder.recording(attempt)
        sink = RerunSink(file)
        sink.open(RunInfo(self.folder.id, "p", "cnn", attempt, self.folder.path, file))
        yield sink
        sink.flush(1e9)
        cut = file.read_bytes()
        assert sink.let_go(time.monotonic() + 10)
        file.write_bytes(cut)

    def written(self, sink: RerunSink) -> None:
        """Write all that was logged so far."""
        sink.write(Batch(tuple(self.ledger.reader(self.clock).read())))

    def killed(self) -> RunFolder:
        """The end."""
        self.journal.close(keep=True)
        return self.folder


def _curve(folder: RunFolder, path: str, attempt: int = 1) -> list[tuple[int, float]]:
    steps, values = rrd.scalars(folder.recording(attempt), path)
    return list(zip(steps.tolist(), values.tolist(), strict=True))


def _texts(folder: RunFolder) -> list[tuple[int | None, str, str]]:
    found = rrd.text_log(folder.recording(1))
    return [(step, entity, text) for step, entity, _, text in found]


@pytest.mark.parametrize("cut", [0, 1, 300], ids=["between chunks", "at the end", "in the middle"])
def test_recording_that_was_cut_off_becomes_whole(cut: int, tmp_path: Path, fault: Fault) -> None:
    """Each number once, NaN included, wherever it was; what else was there stays."""
    run = _Dying(tmp_path)
    with run.recording() as sink:
        sink.write(Batch(records=(_PICTURE,)))
        for step in range(1, 6):
            run.log(step, a=step, b=math.nan)
        run.written(sink)
    run.log(6, a=6, b=-0.0)
    run.log(6, a=6, b=-0.0)
    file = run.folder.recording(1)
    file.write_bytes(file.read_bytes()[: -cut or None])
    folder = run.killed()
    expected = sum(batch.size for batch in unrecorded(folder).values())
    assert expected == 4 if cut == 0 else expected >= 4
    done = repair(folder)

    assert done == Repaired(journals=1, numbers=expected, step=6)
    assert _curve(folder, "/a") == [*((step, float(step)) for step in range(1, 7)), (6, 6.0)]
    values = [value for _, value in _curve(folder, "/b")]
    assert [math.isnan(value) for value in values] == [True] * 5 + [False] * 2
    assert rrd.verify(file) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    if cut < 300:
        ((step, picture),) = rrd.images(file, "/picture")
        assert (step, picture.size) == (1, (9, 8))
    assert rrd.properties(file)["ending"]["status"] == ["killed"]
    assert unrecorded(folder) == {}
    assert not list(folder.path.glob(".repair*"))
    fault("torn", case="a recording with its journal", kept="all, by `triptych repair`")


def test_pictures_alone_are_a_recording_too(tmp_path: Path) -> None:
    """It has no number that would be known."""
    run = _Dying(tmp_path)
    with run.recording() as sink:
        sink.write(Batch(records=(_PICTURE,)))
    folder = run.killed()
    assert repair(folder) == Repaired(journals=1, step=0)
    assert len(rrd.images(folder.recording(1), "/picture")) == 1
    assert rrd.verify(folder.recording(1)) == 0


@pytest.mark.parametrize("content", [None, b"", b"no recording"], ids=["none", "empty", "other"])
def test_without_a_recording_one_is_made_from_the_journal(
    content: bytes | None, tmp_path: Path
) -> None:
    """It knows what run.json knows; a file that is no recording is set aside."""
    run = _Dying(tmp_path)
    if content is not None:
        run.folder.recording(1).write_bytes(content)
    run.log(1, a=0.5)
    folder = run.killed()
    assert repair(folder).numbers == 1
    assert _curve(folder, "/a") == [(1, 0.5)]
    known = rrd.properties(folder.recording(1))
    assert (known["config"]["lr"], known["provenance"]["host"]) == ([0.1], ["here"])
    assert rrd.verify(folder.recording(1)) == 0
    damaged = folder.path / "recording-1.damaged"
    assert damaged.exists() == bool(content)  # an empty file is no loss
    assert not content or damaged.read_bytes() == content


def test_each_attempt_within_a_process_gets_its_own(tmp_path: Path) -> None:
    """An attempt that had ended keeps its status."""
    run = _Dying(tmp_path)
    with run.recording() as sink:
        run.log(1, a=1)
        run.written(sink)
    run.log(2, a=2)
    story = run.folder.read_json()
    story["attempts"][0]["status"] = "restarted"
    run.folder.write_json(story)
    run.begin(2)
    run.journal.name_attempt(2, 1002.5)
    run.log(3, a=3)
    folder = run.killed()
    repair(folder)
    assert _curve(folder, "/a") == [(1, 1.0), (2, 2.0)]
    assert _curve(folder, "/a", 2) == [(3, 3.0)]
    story = folder.read_json()
    facts = [(one["status"], one.get("step")) for one in story["attempts"]]
    assert facts == [("restarted", None), ("killed", 3)]
    assert (story["status"], story["step"]) == ("killed", 3)


def _words(text: str, clock: StepClock, *, local: bool = False) -> Record:
    line = logging.LogRecord("some", logging.INFO, "", 0, text, None, None)
    stamp = clock.stamp()
    line.created, line.msecs = stamp.time, stamp.time % 1 * 1000
    line.step, line.epoch, line.phase, line.rank = stamp.step, stamp.epoch, stamp.phase, 0
    return Record("logs/some", stamp, Words(line, local=local))


def test_lines_that_are_missing_are_appended_to_the_log(tmp_path: Path) -> None:
    """As often as they were said, in the form of the log, behind a line that was cut off."""
    run = _Dying(tmp_path)
    run.clock.restore(3)
    once, twice = _words("once", run.clock), _words("twice", run.clock)
    local = _words("of a sink", run.clock, local=True)
    for record in (once, twice, twice, local):
        run.put(record)
    run.put(Record("events", run.clock.stamp(), Event("unfroze")))
    folder = run.folder
    from triptych.words import LineFormatter

    there = "\n".join(LineFormatter().format(one.value.line) for one in (once, twice))
    folder.log.write_text(f"{there}\n2026-01-01 cut o")
    run.killed()
    done = repair(folder)
    assert (done.logged, done.lines) == (3, 4)
    *_, cut, second, of_a_sink, event = folder.log.read_text().splitlines()
    assert cut == "2026-01-01 cut o"
    assert second.endswith("INFO    step 3 train | some: twice")
    assert of_a_sink.endswith("some: of a sink")
    assert event.endswith("INFO    step 3 train | event: unfroze")
    assert sorted(_texts(folder)) == [
        (3, "/events", "unfroze"),
        (3, "/logs/some", "once"),
        (3, "/logs/some", "twice"),
        (3, "/logs/some", "twice"),
    ]


def test_log_of_json_lines_gets_json_lines(tmp_path: Path) -> None:
    """And a line that somebody's own formatter has written is not written again."""
    for number, (content, logged) in enumerate(
        [('{"message": "first"}\n', '"message": "second"'), ("** second **\n", None)]
    ):
        run = _Dying(tmp_path / str(number))
        run.folder.log.write_text(content)
        run.put(_words("second", run.clock))
        folder = run.killed()
        assert repair(folder).logged == (logged is not None)
        lines = folder.log.read_text().splitlines()
        assert len(lines) == 1 + (logged is not None)
        assert logged is None or logged in lines[1]


@pytest.mark.parametrize(("code", "status"), [(1, "failed"), (143, "interrupted")])
def test_run_that_failed_before_it_was_killed_has_failed(
    code: int, status: str, tmp_path: Path
) -> None:
    """The exception was written down; only the end of the process was not its own."""
    run = _Dying(tmp_path)
    run.clock.restore(9)
    run.put(Record("errors", run.clock.stamp(), Failure("ValueError", "no", "Traceback …", code)))
    folder = run.killed()
    repair(folder)
    story = folder.read_json()
    assert (story["status"], story["step"], story["exit_code"]) == (status, 9, code)
    assert story["attempts"][0]["error"] == "ValueError: no"
    assert _texts(folder) == [(9, "/errors", "Traceback …")]


def test_checkpoints_are_found_again(tmp_path: Path) -> None:
    """run.json names them, as after a good end."""
    run = _Dying(tmp_path)
    saved = Artifact(Path("a.ckpt"), "saved a", "m", aliases=("best",), metrics={"loss": 1.0})
    run.put(Record("checkpoints", StepClock(step=4).stamp(), saved))
    folder = run.killed()
    repair(folder)
    (entry,) = folder.read_json()["checkpoints"]
    assert entry == {
        "path": "a.ckpt",
        "name": "m",
        "type": "model",
        "step": 4,
        "metrics": {"loss": 1.0},
        "aliases": ["best"],
    }
    assert _texts(folder) == [(4, "/events", "saved a")]


def test_command_repairs_once_and_says_what_it_did(tmp_path: Path) -> None:
    """A run that goes on is left alone, with exit code 1."""
    run = _Dying(tmp_path)
    run.log(7, a=1.0, b=2.0)
    call = ["repair", "latest", "--root", str(tmp_path)]
    alive = CliRunner().invoke(app, call)
    assert alive.exit_code == 1
    run.killed()
    first, second = (CliRunner().invoke(app, call) for _ in range(2))
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "put back 2 numbers and 0 lines" in first.output
    assert "ended at step 7" in first.output
    assert "nothing to repair" in second.output
    run.folder.run_json.write_text('{"id": "')
    damaged = CliRunner().invoke(app, ["repair", str(run.folder.path)])
    assert (damaged.exit_code, "is damaged" in damaged.stderr) == (1, True)
