"""The journal: files of blocks that outlive the process, and whatever has become of them."""

from __future__ import annotations

import errno
import json
import logging
import math
import resource
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.faults import Fault
from tests.support.pipe import INFO
from tests.support.threads import wait_until
from triptych.archive.tail import Tail, read_tail
from triptych.pipeline import journal as journal_module
from triptych.pipeline.cadence import Every, Route
from triptych.pipeline.clock import StepClock
from triptych.pipeline.delivery import Delivery, keeper_for
from triptych.pipeline.ending import Ending
from triptych.pipeline.entries import frame, sound_entries
from triptych.pipeline.intake import Intake
from triptych.pipeline.journal import Journal, delete, lock
from triptych.pipeline.ledger import Ledger
from triptych.pipeline.records import Artifact, Batch, Event, Failure, Record, Status, Words
from triptych.sinks.memory import MemorySink
from triptych.visuals import Image

_BLOCK = 4096


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "_ROWS_BYTES", _BLOCK)
    monkeypatch.setattr(journal_module, "_LINES_BYTES", _BLOCK)


class _Durable(MemorySink):
    """What it has flushed counts as safe.

    Attributes:
        ready: Whether it can flush.
        refuses: Whether it raises at the next write.
    """

    durable = True

    def __init__(self) -> None:
        super().__init__()
        self.ready = True
        self.refuses = False
        self.flushes = 0

    def write(self, batch: Batch) -> None:
        """Keep a batch, or refuse it."""
        if self.refuses:
            self.refuses = False
            raise OSError(errno.EIO, "once")
        super().write(batch)

    def flush(self, deadline: float) -> None:
        """Count."""
        if not self.ready:
            raise OSError(errno.ENOSPC, f"no room until {deadline}")
        self.flushes += 1


class _Pipe:
    """A pipeline with a journal and one durable sink."""

    def __init__(self, folder: Path, numbers: Every | None = None) -> None:
        self.clock = StepClock()
        self.ledger = Ledger(Journal(folder))
        self.sink = _Durable()
        route = Route(self.sink, numbers=numbers)
        reader = self.ledger.reader(self.clock)
        keeper = keeper_for(route, reader, self.ledger.journal)
        self.delivery = Delivery(route, reader, poll=0.005, keeper=keeper)
        self.intake = Intake(self.clock, self.ledger, {"memory": self.delivery}, strict=True)
        self.delivery.start(INFO)

    def event(self, text: str) -> None:
        self.intake.put(Record("events", self.clock.stamp(), Event(text)))

    def close(self, *, whole: bool = True) -> None:
        self.intake.close()
        deadline = time.monotonic() + 10
        self.delivery.begin_close(Ending(Status.FINISHED, None, deadline))
        assert self.delivery.wait_closed(deadline) is whole


def _numbers(tail: Tail) -> dict[str, list[tuple[int, float]]]:
    found: dict[str, list[tuple[int, float]]] = {}
    for rows in tail.columns:
        for place, path in enumerate(rows.paths):
            pairs = zip(rows.steps.tolist(), rows.values[:, place].tolist(), strict=True)
            found.setdefault(path, []).extend(pairs)
    return found


def _texts(tail: Tail) -> list[str]:
    return [getattr(record.value, "text", "") for record in tail.records]


def _files(folder: Path, kind: str) -> int:
    return len(list(folder.glob(f"{kind}-*")))


def test_what_was_logged_is_read_back_with_all_its_stamps(tmp_path: Path) -> None:
    """Numbers of any bits, lines with tracebacks, events, errors and checkpoints."""
    folder = tmp_path / "journal" / "3"
    pipe = _Pipe(folder)
    pipe.sink.ready = False
    pipe.clock.enter(epoch=4, phase="val")
    pipe.clock.restore(17)
    pipe.intake.log({"a": math.nan, "/b//c": -0.0})
    pipe.intake.log({"a": 5e-324, "/b//c": 1e308})
    stamp = pipe.clock.stamp()
    line = logging.LogRecord("some.logger", 30, "", 0, "träge\n\udcff \x1b", None, None)
    line.exc_text = "Traceback"
    said = [
        Words(line, local=True),
        Event("unfroze"),
        Failure("ValueError", "no", "Traceback …", 3),
        Artifact(Path("/m/a.ckpt"), "saved", "model", aliases=("best",), metrics={"loss": 0.5}),
    ]
    for value in said:
        pipe.intake.put(Record("somewhere", stamp, value))
    tail = read_tail(folder)

    first, second = tail.columns  # the long way in and the short one, under the same names
    assert first.paths == second.paths == ("a", "b/c")
    values = [*first.values[0].tolist(), *second.values[0].tolist()]
    assert math.isnan(values[0])
    assert math.copysign(1, values[1]) == -1
    assert values[2:] == [5e-324, 1e308]
    for rows in (first, second):
        assert (rows.steps.tolist(), rows.epochs.tolist(), rows.phases) == ([17], [4], ("val",))
    assert time.time() - 60 < first.times[0] <= second.times[0]
    assert {record.stamp for record in tail.records} == {stamp}
    (words,) = [one.value for one in tail.records if isinstance(one.value, Words)]
    others = [one.value for one in tail.records if not isinstance(one.value, Words)]
    assert (words.text, words.local) == ("träge\n\udcff \x1b\nTraceback", True)
    assert (words.line.name, words.line.levelno) == ("some.logger", 30)
    assert all(value in others for value in said[1:])
    assert (tail.attempts, tail.newest[1]) == (((3, 0.0),), 17)
    pipe.sink.ready = True
    pipe.close()


def test_files_are_the_owners_alone(tmp_path: Path) -> None:
    """Whatever the umask says."""
    folder = tmp_path / "journal" / "1"
    Journal(folder)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent)} == {0o700}


def test_blocks_go_once_the_sink_has_handed_them_to_the_disk(tmp_path: Path) -> None:
    """Not before, though it has read them; and a flush costs one for some blocks, not for a row."""
    folder = tmp_path / "1"
    pipe = _Pipe(folder)
    pipe.sink.ready = False
    for number in range(500):
        pipe.intake.log({"a": number})
        pipe.event(f"event {number}")
    wait_until(lambda: len(pipe.sink.numbers.get("a", ())) == 500 and len(pipe.sink.records) == 500)
    assert len(_numbers(read_tail(folder))["a"]) == 500
    assert len(_texts(read_tail(folder))) == 500
    assert _files(folder, "rows") > 5

    pipe.sink.ready = True
    wait_until(lambda: _files(folder, "rows") <= 2 and _files(folder, "words") <= 2)
    assert 0 < pipe.sink.flushes < 20
    tail = read_tail(folder)
    assert [pair[1] for pair in _numbers(tail)["a"]][-1] == 499
    assert _texts(tail)[-1] == "event 499"
    pipe.close()


def test_what_a_sink_has_refused_stays_though_later_flushes_succeed(tmp_path: Path) -> None:
    """Numbers and words; a picture that it could not encode keeps nothing back."""
    folder = tmp_path / "1"
    for refused, kept in (({"a": 1.0}, True), ({"picture": Image(np.zeros((2, 2), "u1"))}, False)):
        pipe = _Pipe(folder)
        pipe.sink.refuses = True
        pipe.intake.log(refused)
        wait_until(lambda pipe=pipe: not pipe.sink.refuses)
        for number in range(500):
            pipe.intake.log({"b": number})
        wait_until(lambda pipe=pipe: len(pipe.sink.numbers.get("b", ())) == 500)
        pipe.close(whole=False)
        assert pipe.delivery.recoverable is kept
        assert _numbers(read_tail(folder)).get("a", []) == [(0, 1.0)] * kept
        pipe.ledger.journal.close(keep=False)


def test_sink_that_gets_a_part_of_the_numbers_lets_go_by_reading_them(tmp_path: Path) -> None:
    """As the text panel does; its words wait for a flush all the same."""
    folder = tmp_path / "1"
    pipe = _Pipe(folder, Every(seconds=1000, keep="first"))
    pipe.sink.ready = False
    for number in range(500):
        pipe.intake.log({"a": number})
        pipe.event(f"event {number}")
    wait_until(lambda: _files(folder, "rows") <= 2)
    assert len(_texts(read_tail(folder))) == 500
    pipe.sink.ready = True
    pipe.close()


def test_clean_close_leaves_nothing(tmp_path: Path) -> None:
    """And a close that has left something behind leaves it readable, and unlocked."""
    for keep in (False, True):
        journal = Journal(tmp_path / "journal" / "1")
        journal.write(Record("events", StepClock().stamp(), Event("kept")))
        journal.close(keep=keep)
        assert (tmp_path / "journal").exists() == keep
    assert _texts(read_tail(tmp_path / "journal" / "1")) == ["kept"]
    assert lock(tmp_path / "journal" / "1") > 0
    delete(tmp_path / "journal" / "1")
    assert list(tmp_path.iterdir()) == []


@contextmanager
def _no_larger_files_than(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_without_room_for_a_journal_nothing_else_changes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told once; and where there is room again, it is used again."""
    folder = tmp_path / "1"
    pipe = _Pipe(folder)
    with _no_larger_files_than(1000):
        for number in range(500):
            pipe.intake.log({"a": number})
        wait_until(lambda: len(pipe.sink.numbers.get("a", ())) == 500)
    for number in range(500, 1000):
        pipe.intake.log({"a": number})
    assert _numbers(read_tail(folder))["a"][-1] == (0, 999.0)
    assert [value for _, value in pipe.sink.numbers["a"]][:500] == [float(n) for n in range(500)]
    pipe.close()
    assert len(pipe.sink.numbers["a"]) == 1000
    told = [record.getMessage() for record in caplog.records if "journal" in record.message]
    assert len(told) == 1
    assert "File too large" in told[0]


@pytest.mark.parametrize("obstacle", ["a file", "a link"])
def test_journal_in_a_place_that_cannot_be_one_is_memory(obstacle: str, tmp_path: Path) -> None:
    """Rows go the same way."""
    home = tmp_path / "journal"
    if obstacle == "a file":
        home.write_text("")
    else:
        (tmp_path / "elsewhere").mkdir()
        home.symlink_to(tmp_path / "elsewhere")
    pipe = _Pipe(home / "1")
    pipe.intake.log({"a": 1})
    pipe.close()
    assert pipe.sink.numbers["a"] == [(0, 1.0)]
    assert list(tmp_path.glob("elsewhere/*")) == []


def _written(folder: Path) -> tuple[dict[str, list[tuple[int, float]]], list[str]]:
    ledger, clock = Ledger(Journal(folder)), StepClock()
    clock.listen(ledger.journal.name_context)
    for step in range(60):
        clock.advance()
        ledger.append_floats(("a",), (step,), context=0, step=step, when=step)
        ledger.append_floats(("b", "c"), (step, -step), context=0, step=step, when=step)
        ledger.journal.write(Record("events", clock.stamp(), Event(f"event {step}")))
    tail = read_tail(folder)
    ledger.journal.close(keep=True)
    return _numbers(tail), _texts(tail)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(damage=st.data())
def test_damaged_journal_gives_what_is_sound_and_never_raises(
    damage: st.DataObject, tmp_path_factory: pytest.TempPathFactory, fault: Fault
) -> None:
    """Any file cut off anywhere, with any bytes changed, or gone."""
    folder = tmp_path_factory.mktemp("journal") / "1"
    numbers, texts = _written(folder)
    for file in sorted(folder.iterdir()):
        content = bytearray(file.read_bytes())
        for _ in range(damage.draw(st.integers(0, 3), file.name) if content else 0):
            place = damage.draw(st.integers(0, len(content) - 1))
            content[place] ^= damage.draw(st.integers(1, 255))
        cut = damage.draw(st.one_of(st.none(), st.integers(0, len(content))), "cut")
        file.write_bytes(content[:cut])
    tail = read_tail(folder)
    for path, pairs in _numbers(tail).items():
        assert set(pairs) <= set(numbers.get(path, []))
        assert len(set(pairs)) == len(pairs)
    assert set(_texts(tail)) <= set(texts)
    fault("damaged", case="a journal", kept="every sound row and line", shed="what is damaged")


@given(st.binary(max_size=300))
def test_bytes_that_are_no_entries_are_passed_over(noise: bytes) -> None:
    """The entry behind them is read."""
    assert list(sound_entries(noise + b"\n" + frame({"a": 1}))) == [{"a": 1}]


def test_entry_is_a_line_of_json_that_a_person_can_read() -> None:
    """Behind its checksum."""
    checksum, _, text = frame({"layout": 1, "paths": ["ä"]}).partition(b" ")
    assert len(checksum) == 8
    assert json.loads(text) == {"layout": 1, "paths": ["ä"]}


def test_batch_of_an_attempt_is_what_was_logged_in_its_time(tmp_path: Path) -> None:
    """Training began again within the process: rows and lines go to one recording or the other."""
    journal = Journal(tmp_path / "1")
    ledger = Ledger(journal)
    for attempt, since in ((1, 100.0), (2, 200.0)):
        journal.name_attempt(attempt, since)
        ledger.append_floats(("a",), (attempt,), context=0, step=5, when=since)
        ledger.append_floats(("a",), (attempt,), context=0, step=6, when=since + 99)
    tail = read_tail(tmp_path / "1")
    parts: list[Batch] = [tail.of(0), tail.of(1)]
    values = [[rows.values[:, 0].tolist() for rows in part.columns] for part in parts]
    assert values == [[[1.0, 1.0]], [[2.0, 2.0]]]
    assert [attempt for attempt, _ in tail.attempts] == [1, 2]
    journal.close(keep=False)
