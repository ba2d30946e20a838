"""Opening a run, what it writes down of itself, and closing it."""

from __future__ import annotations

import json
import os
import stat
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import triptych
from tests.support.sinks import FailingSink, GatedSink
from triptych.lifetime import Terminated
from triptych.pipeline.records import Event
from triptych.sinks.memory import MemorySink


def _open(root: Path, *sinks: Any, **options: Any) -> triptych.Run:
    kept = options.pop("project", "digits")
    return triptych.run(kept, root=root, sinks=sinks or [MemorySink()], console=False, **options)


def _told(run: triptych.Run) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((run.dir / "run.json").read_text())
    return told


def test_run_says_who_it_is_before_the_first_step(tmp_path: Path) -> None:
    """Its folder is named after it, and run.json holds what was given."""
    config = {"lr": 1e-3, "api_key": "abc123", "layers": (1, 2)}
    given: dict[str, Any] = {"tags": ["a", "b"], "notes": "first try"}
    with _open(tmp_path, name="CNN, small", config=config, **given) as run:
        told = _told(run)
        assert (run.status, run.step, run.exit_code) == ("running", 0, None)
        assert repr(run) == f"<Run(id={run.id!r}, status='running', step=0)>"
    assert run.dir == tmp_path / "digits" / run.id
    assert told["id"] == run.id
    assert {key: told[key] for key in ("project", "name", "tags", "notes", "status")} == {
        "project": "digits",
        "name": "CNN, small",
        "tags": ["a", "b"],
        "notes": "first try",
        "status": "running",
    }
    assert told["config"]["lr"] == 1e-3
    assert told["config"]["layers"] == [1, 2]
    assert "abc123" not in (run.dir / "run.json").read_text()
    (attempt,) = told["attempts"]
    assert (attempt["attempt"], attempt["recording"]) == (1, "recording-1.rrd")
    assert attempt["provenance"]["python"].startswith(f"{sys.version_info.major}.")


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
    assert [path.name for path in run.dir.iterdir()] == ["run.json"]


@pytest.mark.parametrize("project", ["../../x", "a/b", "größe ✓", "x" * 300, ".", "CON"])
def test_unsafe_names_become_safe_folders_and_stay_as_given(tmp_path: Path, project: str) -> None:
    """One folder below the root for the project, one below it for the run."""
    with _open(tmp_path, project=project, name=project) as run:
        pass
    assert run.dir.parent.parent == tmp_path
    assert run.dir.resolve() == run.dir
    assert (_told(run)["project"], _told(run)["name"]) == (project, project)


def test_folder_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    """So is run.json, with its configuration."""
    with _open(tmp_path) as run:
        pass
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (run.dir, run.dir / "run.json")]
    assert modes == [0o700, 0o600]


def test_two_runs_at_once_do_not_meet(tmp_path: Path) -> None:
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


@pytest.mark.parametrize("by", ["latest", "id", "folder"])
def test_resumed_run_keeps_its_id_and_begins_a_new_attempt(tmp_path: Path, by: str) -> None:
    """It goes on at the last step known; `restore` says where the checkpoint is."""
    with _open(tmp_path, name="cnn", config={"lr": 1}) as first:
        for _ in first.steps(range(5)):
            pass
    resume = {"latest": "latest", "id": first.id, "folder": first.dir}[by]
    with _open(tmp_path, name="cnn", config={"lr": 2}, resume=resume) as second:
        assert (second.id, second.step, second.info.attempt) == (first.id, 5, 2)
        second.restore(3)
        assert [second.step for _ in second.steps(range(2))] == [4, 5]
    told = _told(second)
    assert [(one["attempt"], one["recording"], one["step"]) for one in told["attempts"]] == [
        (1, "recording-1.rrd", 5),
        (2, "recording-2.rrd", 5),
    ]
    assert told["config"] == {"lr": 2}


def test_resumed_run_keeps_the_name_it_had(tmp_path: Path) -> None:
    """Unless it is given another."""
    with _open(tmp_path, name="cnn"):
        pass
    with _open(tmp_path, resume="latest") as run:
        assert run.info.name == "cnn"


def test_run_that_is_not_there_cannot_be_resumed(tmp_path: Path) -> None:
    """The message names the nearest ones, and nothing is made."""
    with _open(tmp_path) as run:
        pass
    with pytest.raises(ValueError, match=f"no run 'mine' to resume in .*{run.id}"):
        _open(tmp_path, resume="mine")
    assert len(list((tmp_path / "digits").iterdir())) == 1


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"project": ""}, TypeError, 'a text such as "digits", not \'\''),
        ({"project": 3}, TypeError, 'a text such as "digits", not 3'),
        ({"name": 3}, TypeError, "a text or None, not 3"),
        ({"tags": "one"}, TypeError, r"several texts, such as \('one',\)"),
        ({"config": [1]}, TypeError, "a mapping such as a dict, not a list"),
        ({"sinks": ["rerun"]}, TypeError, "open, write, flush and close, not to str"),
        ({"live": 3}, ValueError, "3"),
        ({"sinks": None, "wandb": "nowhere"}, ValueError, "nowhere"),
        ({"sinks": None, "wandb": "online"}, ValueError, "key"),
    ],
    ids=lambda one: str(one) if isinstance(one, dict) else None,
)
def test_wrong_arguments_raise_and_leave_nothing_behind(
    tmp_path: Path, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    """At the call, not in the middle of training."""
    given: dict[str, Any] = {"project": "p", "sinks": [MemorySink()], **options}
    with pytest.raises(error, match=message):
        triptych.run(**given, root=tmp_path, console=False)
    assert list(tmp_path.iterdir()) == []


def test_root_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    """With what to pass instead."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"cannot make a folder .*file.*; pass root="):
        _open(tmp_path / "file")


def test_events_and_checkpoints_are_markers_at_their_step(tmp_path: Path) -> None:
    """run.json keeps the checkpoints."""
    sink = MemorySink()
    with _open(tmp_path, sink) as run:
        run.advance()
        run.event("unfroze the backbone")
        run.checkpoint(tmp_path / "a.pt", metrics={"loss": 0.5}, aliases=["best"])
    markers = [(one.path, one.stamp.step, one.value.text) for one in sink.records]
    assert markers == [
        ("events", 1, "unfroze the backbone"),
        ("checkpoints", 1, "checkpoint a.pt (loss 0.5)"),
    ]
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
    with pytest.raises(ZeroDivisionError) as caught, run:
        run.advance()
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
    run = _open(tmp_path)
    with pytest.raises(_Mute), run:
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


def test_sinks_of_one_name_are_told_apart(tmp_path: Path) -> None:
    """And each gets everything."""
    sinks = [MemorySink() for _ in range(3)]
    with _open(tmp_path, *sinks) as run:
        run.log({"a": 1})
    assert list(run.totals.sinks) == ["memory", "memory-2", "memory-3"]
    assert [sink.numbers for sink in sinks] == [{"a": [(0, 1.0)]}] * 3


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


@pytest.mark.parametrize(
    ("strict", "variable", "raises"),
    [(True, "0", True), (False, "1", False), (None, "1", True), (None, "0", False)],
)
def test_strict_is_what_was_given_or_what_the_environment_says(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    strict: bool | None,
    variable: str,
    raises: bool,
) -> None:
    """In this order."""
    monkeypatch.setenv("TRIPTYCH_STRICT", variable)
    with _open(tmp_path, strict=strict) as run:
        with pytest.raises(TypeError) if raises else pytest.warns(triptych.TriptychWarning):
            run.log({"a": None})


@pytest.mark.parametrize("rank", ["1", "7"])
def test_other_ranks_run_the_same_code_and_write_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rank: str
) -> None:
    """No folder, no sink is opened, nothing is called."""
    monkeypatch.setenv("RANK", rank)
    sink = MemorySink()

    def never() -> None:
        raise AssertionError("a function was called though nobody wants its picture")

    with _open(tmp_path, sink) as run:
        for _ in run.epochs(1):
            for _ in run.steps(range(4), accumulate=2):
                run.log({"a": 1, "b": never})
            with run.phase("val"):
                run.event("hello")
        run.checkpoint(tmp_path / "model.pt")
        assert (run.step, run.flush()) == (2, True)
    run.log({"a": 1})
    assert (run.status, run.close(), run.totals.sinks) == ("finished", True, {})
    assert (sink.info, list(tmp_path.iterdir())) == (None, [])


@pytest.fixture
def _here(tmp_path: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(tmp_path)
    yield
    os.chdir(before)


@pytest.mark.usefixtures("_here")
def test_setup_logging_opens_the_same_run_in_one_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The project is named after the script; what is not wanted is left out."""
    monkeypatch.setattr(sys, "argv", ["/somewhere/train_digits.py"])
    run = triptych.setup_logging("cnn", use_wandb=False, console=False)
    run.event("hello")
    assert run.close()
    assert (run.info.project, run.info.name) == ("train_digits", "cnn")
    assert list(run.totals.sinks) == ["rerun", "text"]
    assert {path.name for path in run.dir.iterdir()} == {
        "run.json",
        "recording-1.rrd",
        "train.log",
    }
    run = triptych.setup_logging(
        "cnn", use_rerun=False, use_wandb=False, project="other", console=False, root=tmp_path
    )
    assert run.close()
    assert (run.info.project, list(run.totals.sinks)) == ("other", ["text"])


def test_events_are_texts_whatever_is_given(tmp_path: Path) -> None:
    """A marker is never worth an exception."""
    sink = MemorySink()
    with _open(tmp_path, sink) as run:
        run.event(ValueError("odd"))  # type: ignore[arg-type]
    assert [one.value for one in sink.records] == [Event("odd")]
