"""A run as it goes: what it writes down of itself, how it says what arrived, and how it closes."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import triptych
from tests.support.faults import Fault
from tests.support.sinks import FailingSink, GatedSink
from triptych.pipeline.records import Artifact, Event
from triptych.sinks.memory import MemorySink
from triptych.training.lifetime import Terminated


def _open(root: Path, *sinks: Any, **options: Any) -> triptych.Run:
    sinks = sinks or (MemorySink(),)
    return triptych.run("digits", root=root, sinks=sinks, console=False, **options)


def _told(run: triptych.Run) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((run.dir / "run.json").read_text())
    return told


def test_run_says_how_it_ended(tmp_path: Path) -> None:
    """Metrics, totals for each sink, and the share of the time that logging took."""
    failing = FailingSink(OSError("no"))
    run = _open(tmp_path, MemorySink(), failing)
    for _ in run.steps(range(3)):
        run.log({"loss": 1 / run.step, "bad": float("nan")})
    assert not run.close()
    told = _told(run)
    assert (told["status"], told["exit_code"], told["step"]) == ("finished", 0, 3)
    assert told["metrics"] == {"loss": 1 / 3, "bad": "NaN"}
    assert told["totals"] == {
        "rejected": {},
        "nonfinite": {"bad": 3},
        "sinks": {
            "memory": {"accepted": 6, "delivered": 6, "shed": {}},
            "failing": {
                "accepted": 6,
                "delivered": 0,
                "shed": {"error": {"loss": 3, "bad": 3}},
            },
        },
    }
    assert told["overhead"] == run.overhead
    assert 0 < run.overhead < 1
    assert (told["attempts"][0]["step"], told["attempts"][0]["error"]) == (3, None)


def test_run_json_is_whole_at_any_moment(tmp_path: Path) -> None:
    """Whoever reads it while it is written sees the old text or the new."""
    run, over, read = _open(tmp_path), threading.Event(), []

    def watch() -> None:
        while not over.is_set():
            read.append(_told(run)["status"])

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(20):
        run.begin_attempt()
    run.close()
    over.set()
    watcher.join()
    assert set(read) <= {"running", "finished"}
    assert sorted(path.name for path in run.dir.iterdir()) == ["code-1", "run.json"]


def test_two_runs_at_once_do_not_meet(tmp_path: Path, fault: Fault) -> None:
    """Same second, same names; each has its clock, its folder and its sinks."""
    sinks = [MemorySink(), MemorySink()]
    runs = [_open(tmp_path, sink, name="same") for sink in sinks]
    assert runs[0].id != runs[1].id
    for number, run in enumerate(runs):
        for _ in run.steps(range(number + 1)):
            run.log({"a": number})
    runs[0].close("failed")
    runs[1].log({"b": 1})
    runs[1].close()
    assert sinks[0].numbers == {"a": [(1, 0.0)]}
    assert sinks[1].numbers == {"a": [(1, 1.0), (2, 1.0)], "b": [(2, 1.0)]}
    assert [(_told(run)["status"], _told(run)["exit_code"]) for run in runs] == [
        ("failed", 1),
        ("finished", 0),
    ]
    fault("two-runs", kept="all, each run its own folder")


def test_events_and_checkpoints_are_markers_at_their_step(tmp_path: Path) -> None:
    """run.json keeps the checkpoints."""
    sink = MemorySink()
    with _open(tmp_path, sink) as run:
        run.advance()
        run.event("unfroze the backbone")
        run.checkpoint(tmp_path / "a.pt", metrics={"loss": 0.5}, aliases=["best"])
    event, checkpoint = sink.records
    assert (event.path, event.stamp.step) == ("events", 1)
    assert event.value == Event("unfroze the backbone")
    assert (checkpoint.path, checkpoint.stamp.step) == ("checkpoints", 1)
    assert isinstance(checkpoint.value, Artifact)
    assert checkpoint.value.text == "checkpoint a.pt (loss 0.5)"
    (kept,) = _told(run)["checkpoints"]
    assert (kept["step"], kept["metrics"]) == (1, {"loss": 0.5})
    assert kept["path"] == str(tmp_path / "a.pt")


def test_flush_says_whether_all_has_arrived(tmp_path: Path) -> None:
    """By its deadline; the run goes on."""
    gated, sink = GatedSink(), MemorySink()
    run = _open(tmp_path, gated, sink)
    run.log({"a": 1})
    assert gated.waits.wait(10)
    began = time.monotonic()
    assert not run.flush(timeout=0.2)
    assert time.monotonic() - began < 2
    gated.gate.set()
    assert run.flush()
    assert gated.numbers == sink.numbers == {"a": [(0, 1.0)]}
    assert run.close()
    assert run.flush()  # it did


def test_second_close_changes_nothing(tmp_path: Path) -> None:
    """It gives the answer of the first."""
    failing = FailingSink(OSError("no"))
    run = _open(tmp_path, failing)
    run.event("lost")
    assert not run.close("failed")
    assert not run.close("finished")
    assert (run.status, run.exit_code, _told(run)["status"]) == ("failed", 1, "failed")


@pytest.mark.parametrize("status", ["running", "over"])
def test_run_closes_only_with_a_status_that_ends_it(tmp_path: Path, status: str) -> None:
    """It stays open then."""
    with _open(tmp_path) as run:
        with pytest.raises(ValueError, match=status):
            run.close(status)
        assert run.status == "running"


def test_same_exception_goes_on_to_the_caller(tmp_path: Path) -> None:
    """It is written down with its traceback, at its step, and keeps nothing alive."""
    sink = MemorySink()
    error = ZeroDivisionError("out of luck")
    run = _open(tmp_path, sink)
    run.advance()
    with pytest.raises(ZeroDivisionError) as caught, run:
        raise error
    assert caught.value is error
    assert (error.__cause__, error.__context__) == (None, None)
    (record,) = sink.records
    assert (record.path, record.stamp.step, record.value) == ("errors", 1, run.failure)
    told = _told(run)
    assert (told["status"], told["exit_code"]) == ("failed", 1)
    assert told["attempts"][0]["error"] == "ZeroDivisionError: out of luck"
    assert told["attempts"][0]["traceback"].endswith("ZeroDivisionError: out of luck\n")
    assert "test_same_exception_goes_on" in told["attempts"][0]["traceback"]


class _Mute(Exception):  # noqa: N818  # it cannot even say its name
    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_exception_that_cannot_be_printed_goes_on_all_the_same(tmp_path: Path) -> None:
    """Its own code must not hide it."""
    with pytest.raises(_Mute), _open(tmp_path) as run:
        raise _Mute
    assert (run.status, run.failure is not None and run.failure.kind) == ("failed", "_Mute")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (KeyboardInterrupt(), "interrupted", 130),
        (Terminated(143), "interrupted", 143),
        (SystemExit(3), "failed", 3),
        (SystemExit("text"), "failed", 1),
        (SystemExit(0), "finished", 0),
        (SystemExit(), "finished", 0),
    ],
    ids=repr,
)
def test_requests_to_end_are_told_from_failures(
    tmp_path: Path, error: BaseException, status: str, code: int
) -> None:
    """Ctrl-C and SIGTERM interrupt; an exit with a code is what the code says."""
    sink = MemorySink()
    run = _open(tmp_path, sink)
    with pytest.raises(type(error)), run:
        raise error
    assert (run.status, run.exit_code, sink.status) == (status, code, status)


def test_second_interruption_ends_the_wait_and_is_written_down(tmp_path: Path) -> None:
    """Whoever presses Ctrl-C twice does not want to wait for a sink that hangs."""
    gated = GatedSink()

    class Impatient(MemorySink):
        name = "impatient"

        def abandon(self) -> None:
            raise KeyboardInterrupt

        def close(self, *_: object) -> None:
            gated.gate.wait()

    run = _open(tmp_path, Impatient())
    with pytest.raises(KeyboardInterrupt):
        run.close(timeout=0.1)
    gated.gate.set()
    assert _told(run)["status"] == "finished"
    assert not run.close()


def test_broken_sink_raises_nothing_into_training(tmp_path: Path) -> None:
    """Not in `log`, not in `flush`, not in `close`."""
    run = _open(tmp_path, FailingSink(ValueError("no")))
    run.log({"a": 1, "picture": lambda: triptych.Image(np.zeros((2, 2), np.uint8))})
    assert not run.flush()
    assert not run.close()
    assert run.totals.sinks["failing"].shed == {"error": {"a": 1, "picture": 1}}


def test_values_that_cannot_be_taken_are_counted(tmp_path: Path, lenient: None) -> None:  # noqa: ARG001
    """In the totals and in run.json; the variable TRIPTYCH_STRICT makes them raise."""
    with _open(tmp_path) as run:
        with pytest.warns(triptych.TriptychWarning, match="'a' is None"):
            run.log({"a": None})
        run.log({"a": None})
    assert run.totals.rejected == {"a": 2}
    assert _told(run)["totals"]["rejected"] == {"a": 2}
    with pytest.warns(triptych.TriptychWarning, match="after the run was closed"):
        run.event("late")
    assert run.totals.after_close == 1


def test_events_are_texts_whatever_is_given(tmp_path: Path) -> None:
    """A marker is never worth an exception."""
    with _open(tmp_path, sink := MemorySink()) as run:
        run.event(ValueError("odd"))  # type: ignore[arg-type]
    assert [one.value for one in sink.records] == [Event("odd")]
