"""A sink in a process of its own behaves as the same one would here."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from tests.support import environment
from tests.support.moody_apart import DiarySink, read
from triptych.pipeline.records import Batch, Columns, Event, Record, RunInfo, Stamp, Status
from triptych.pipeline.sink import NotKept
from triptych.sinks.apart import Apart
from triptych.visuals import Image

_SOON = 10.0


def _info(folder: Path, name: str = "n", **more: object) -> RunInfo:
    return RunInfo("id", "p", name, 1, folder, folder / "r.rrd", **more)  # type: ignore[arg-type]


def _event(text: str) -> Record:
    return Record("e", Stamp(1, None, "train", 0.0), Event(text))


def _pid(sink: Apart) -> int:
    return int(sink.hint.removeprefix("open "))


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    """The file of a sink."""
    return tmp_path / "diary.jsonl"


@pytest.fixture
def sink(tmp_path: Path, diary: Path) -> Iterator[Apart]:
    """One that is open."""
    made = Apart(DiarySink(diary))
    made.open(_info(tmp_path))
    yield made
    made.abandon()


def test_it_lives_in_another_process(sink: Apart) -> None:
    """Which knows what the sink says of itself."""
    assert psutil.Process(_pid(sink)).ppid() == os.getpid()
    assert (sink.name, sink.family, sink.durable) == ("diary", "diary", True)


def test_numbers_and_records_arrive_in_order(sink: Apart, diary: Path) -> None:
    """With the values they had, whoever else is written to."""
    rows = Columns(
        ("a", "b"),
        np.array([1, 2]),
        np.array([-1, -1]),
        np.zeros(2),
        np.array([[1.0, 2.0], [3.0, 4.0]]),
        ("train", "train"),
        2,
    )
    sink.write(Batch(columns=(rows,), records=(_event("first"),)))
    assert sink.write_each([_event("second"), _event("third")]) == [None, None]
    assert read(diary) == [
        {"a": [1.0, 3.0], "b": [2.0, 4.0]},
        *({"e": text} for text in ("first", "second", "third")),
    ]


def test_what_it_raises_is_raised_here(sink: Apart) -> None:
    """With what that came from, and for each record of several by itself."""
    with pytest.raises(ValueError, match="told to"):
        sink.write(Batch(records=(_event("raise"),)))
    first, second, third = sink.write_each([_event("not kept"), _event("x"), _event("unreadable")])
    assert isinstance(first, NotKept)
    assert isinstance(first.__cause__, OSError)
    assert second is None
    assert str(third) == "OddError: odd"


def test_what_it_logs_is_logged_here(sink: Apart, caplog: pytest.LogCaptureFixture) -> None:
    """By the thread that asked, since its own lines must not come back to it."""
    with caplog.at_level(logging.INFO):
        sink.write(Batch(records=(_event("log"),)))
    (line, warning) = caplog.records
    assert (line.name, line.getMessage(), line.thread) == ("sdk", "this is 1", line.thread)
    assert line.levelno == logging.WARNING
    assert warning.name == "py.warnings"
    assert "and that" in warning.getMessage()


def test_a_sink_that_cannot_open_says_why(tmp_path: Path, diary: Path) -> None:
    """As it would here."""
    made = Apart(DiarySink(diary))
    with pytest.raises(FileNotFoundError, match="no such thing"):
        made.open(_info(tmp_path, "cannot open"))
    made.abandon()


def test_what_cannot_be_sent_costs_nothing_else(sink: Apart, diary: Path) -> None:
    """Neither what this side cannot pickle, nor what the other cannot read."""

    class Local(Event):
        pass

    class Elsewhere(Event):
        pass

    Elsewhere.__module__, Elsewhere.__qualname__ = "nowhere_to_be_found", "Elsewhere"
    sys.modules["nowhere_to_be_found"] = sys.modules[__name__]
    globals()["Elsewhere"] = Elsewhere
    try:
        odd = [
            Record("e", Stamp(1, None, "train", 0.0), kind("odd")) for kind in (Local, Elsewhere)
        ]
        here, local, elsewhere = sink.write_each([_event("here"), *odd])
    finally:
        del sys.modules["nowhere_to_be_found"], globals()["Elsewhere"]
    assert here is None
    assert "cannot be pickled" in str(local)
    assert "cannot be read by another process" in str(elsewhere)
    assert read(diary) == [{"e": "here"}]


def test_tensors_arrive_as_arrays(sink: Apart, diary: Path) -> None:
    """The other process needs no torch, and does not load it."""
    stamp = Stamp(1, None, "train", 0.0)
    sink.write(Batch(records=(Record("i", stamp, Image(torch.zeros(3, 9, 9))),)))
    sink.flush(0.0)
    assert read(diary) == [{"i": "ndarray"}, {"opens_with": {}, "torch": False}]


def test_it_learns_what_opens_the_other_sinks(tmp_path: Path, diary: Path) -> None:
    """That is known when all are open, which is later."""
    known: dict[str, str] = {}
    made = Apart(DiarySink(diary))
    made.open(_info(tmp_path, opens_with=known))
    known["wandb"] = "wandb sync"
    made.flush(0.0)
    made.close(Status.FINISHED, None, 0.0)
    assert read(diary)[0]["opens_with"] == {"wandb": "wandb sync"}


def test_one_process_serves_run_after_run(tmp_path: Path, diary: Path) -> None:
    """The second opens at once; two at a time have two."""
    first, second, third = (Apart(DiarySink(diary)) for _ in range(3))
    first.open(_info(tmp_path))
    second.open(_info(tmp_path))
    assert _pid(first) != _pid(second)
    first.close(Status.FINISHED, None, 0.0)
    third.open(_info(tmp_path))
    assert _pid(third) == _pid(first)
    for one in (second, third):
        one.close(Status.FAILED, None, 0.0)
    assert [entry["status"] for entry in read(diary)] == ["finished", "failed", "failed"]


@pytest.mark.parametrize(("name", "value"), [("executable", ""), ("frozen", True)])
def test_without_a_process_it_works_here(
    name: str, value: object, tmp_path: Path, diary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a program that has Python built in."""
    monkeypatch.setattr(sys, name, value, raising=False)
    monkeypatch.setattr("triptych.sinks.apart.helper._idle", [])
    made = Apart(DiarySink(diary))
    made.open(_info(tmp_path))
    assert _pid(made) == os.getpid()
    with pytest.raises(ValueError, match="told to"):
        made.write(Batch(records=(_event("raise"),)))
    made.close(Status.FINISHED, None, 0.0)
    assert read(diary) == [{"e": "raise"}, {"status": "finished"}]


def test_settings_that_cannot_be_sent_keep_it_here(tmp_path: Path, diary: Path) -> None:
    """A run is opened nevertheless."""
    made = Apart(DiarySink(diary))
    made.open(_info(tmp_path, config={"schedule": lambda step: step}))
    assert _pid(made) == os.getpid()


def test_a_process_that_is_gone_is_an_error_for_each_call(sink: Apart) -> None:
    """And no end to anything."""
    for text in ("die", "later"):
        with pytest.raises(ConnectionError, match="the process of the sink is gone"):
            sink.write(Batch(records=(_event(text),)))


def test_one_that_hangs_is_ended(sink: Apart) -> None:
    """By whoever closes the run; the worker that waits for it comes free."""
    raised: list[BaseException] = []

    def work() -> None:
        try:
            sink.write(Batch(records=(_event("hang"),)))
        except ConnectionError as problem:
            raised.append(problem)

    worker = threading.Thread(target=work)
    worker.start()
    sink.abandon()
    worker.join(_SOON)
    assert len(raised) == 1
    assert not psutil.pid_exists(_pid(sink))


def test_pickles_go_to_no_file_of_the_program(tmp_path: Path, diary: Path) -> None:
    """One that closes all descriptors, as to become a daemon, and then opens files."""
    program = f"""
        import os
        from pathlib import Path
        from tests.sinks.apart.test_sink import _event, _info
        from tests.support.moody_apart import DiarySink
        from triptych.pipeline.records import Batch
        from triptych.sinks.apart import Apart

        sink = Apart(DiarySink(Path({str(diary)!r})))
        sink.open(_info(Path({str(tmp_path)!r})))
        os.closerange(3, 100)
        files = [os.open(f"{tmp_path}/file-{{n}}", os.O_RDWR | os.O_CREAT) for n in range(20)]
        try:
            sink.write(Batch(records=(_event("x"),)))
        except ConnectionError as problem:
            print(problem)
        print([os.fstat(file).st_size for file in files if os.fstat(file).st_size])
    """
    told = environment.run(program, environment.isolated(tmp_path), cwd=tmp_path)
    assert "were closed by this program" in told
    assert told.endswith("[]\n")


def test_its_process_ends_with_this_one(tmp_path: Path, diary: Path) -> None:
    """However that ends; what has come by then is kept."""
    program = f"""
        import os, signal
        from pathlib import Path
        from tests.sinks.apart.test_sink import _event, _info, _pid
        from tests.support.moody_apart import DiarySink
        from triptych.sinks.apart import Apart

        sink = Apart(DiarySink(Path({str(diary)!r})))
        sink.open(_info(Path({str(tmp_path)!r})))
        sink.write_each([_event("a"), _event("b")])
        print(_pid(sink), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    with environment.start(program, environment.isolated(tmp_path), cwd=tmp_path) as child:
        assert child.stdout is not None
        helper = psutil.Process(int(child.stdout.readline()))
        gone, _ = psutil.wait_procs([helper], _SOON)
        child.kill()
    assert gone
    assert read(diary) == [{"e": "a"}, {"e": "b"}, {"let": "go"}]
