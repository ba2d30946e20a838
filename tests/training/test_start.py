"""Opening a run: what it is called, where it lies, and which arguments are wrong."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import triptych
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
        ({"project": ""}, TypeError, "a text such as \"digits\", not ''"),
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


def test_sinks_of_one_name_are_told_apart(tmp_path: Path) -> None:
    """And each gets everything."""
    sinks = [MemorySink() for _ in range(3)]
    with _open(tmp_path, *sinks) as run:
        run.log({"a": 1})
    assert list(run.totals.sinks) == ["memory", "memory-2", "memory-3"]
    assert [sink.numbers for sink in sinks] == [{"a": [(0, 1.0)]}] * 3


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
    told = pytest.raises(TypeError) if raises else pytest.warns(triptych.TriptychWarning)
    with _open(tmp_path, strict=strict) as run, told:
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
        "code-1",
        "run.json",
        "recording-1.rrd",
        "train.log",
    }
    run = triptych.setup_logging(
        "cnn", use_rerun=False, use_wandb=False, project="other", console=False, root=tmp_path
    )
    assert run.close()
    assert (run.info.project, list(run.totals.sinks)) == ("other", ["text"])
