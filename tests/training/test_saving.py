"""Files that a run saves: in run.json with their digest, and handed to sinks that take files."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

import triptych
from triptych.pipeline.records import Artifact, Upload
from triptych.sinks.memory import MemorySink


class FileSink(MemorySink):
    """Takes files."""

    takes_files = True

    def uploads(self) -> list[Upload]:
        """What it was handed."""
        return [one.value for one in self.records if isinstance(one.value, Upload)]


def _open(root: Path, *sinks: Any, **options: Any) -> triptych.Run:
    return triptych.run("digits", root=root, sinks=sinks, console=False, **options)


def _told(run: triptych.Run) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((run.dir / "run.json").read_text())
    return told


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_files_stand_in_run_json_with_their_digest(tmp_path: Path) -> None:
    """Checkpoints and artifacts, while the run goes on; a path from where it was called."""
    model = tmp_path / "model.pt"
    model.write_bytes(b"weights")
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "a.csv").write_text("1,2")
    sink = MemorySink()
    run = _open(tmp_path / "runs", sink)
    run.advance()
    run.checkpoint(model, metrics={"loss": 0.5}, aliases=["best"])
    run.artifact(tmp_path / "answers", "answers", "predictions")
    assert run.flush()
    told = _told(run)

    assert told["status"] == "running"
    assert told["checkpoints"] == [
        {
            "path": str(model),
            "name": f"model-{run.id}",
            "type": "model",
            "step": 1,
            "metrics": {"loss": 0.5},
            "aliases": ["best", "latest", "step-1"],
            "sha256": _sha256(b"weights"),
            "bytes": 7,
        }
    ]
    (answers,) = told["artifacts"]
    assert (answers["name"], answers["type"], answers["bytes"]) == ("answers", "predictions", 3)
    assert answers["sha256"] == _sha256(f"{_sha256(b'1,2')}  ./a.csv\n".encode())
    assert not (run.dir / "artifacts").exists()  # nobody takes files
    saved = [one.value for one in sink.records]
    assert len(saved) == 2
    assert [one.text for one in saved if isinstance(one, Artifact)] == [
        "checkpoint model.pt (loss 0.5)",
        "artifact answers (predictions)",
    ]
    run.close()


def test_one_file_under_two_names_is_two_entries(tmp_path: Path) -> None:
    """And the same again is one."""
    answers = tmp_path / "answers.csv"
    answers.write_text("1,2")
    run = _open(tmp_path / "runs", MemorySink())
    for name in ("answers", "report", "answers"):
        run.artifact(answers, name)
    run.close()
    assert [one["name"] for one in _told(run)["artifacts"]] == ["report", "answers"]


def test_every_version_is_handed_over_as_it_was(tmp_path: Path) -> None:
    """Though the loop saves to one path; with the way back to run, step and recording."""
    model, sink = tmp_path / "model.pt", FileSink()
    with _open(tmp_path / "runs", sink) as run:
        for _ in run.steps(range(2)):
            model.write_bytes(b"weights %d" % run.step)
            run.checkpoint(model, metrics={"loss": 1 / run.step}, upload=True)
            assert run.flush()
        model.unlink()

    first, second = sink.uploads()
    assert [one.files.read_bytes() for one in (first, second)] == [b"weights 1", b"weights 2"]
    assert first.files == run.dir / "artifacts" / f"model-{run.id}" / "step-1" / "model.pt"
    assert (second.name, second.type) == (f"model-{run.id}", "model")
    assert second.aliases == ("latest", "step-2")
    assert second.metadata == {
        "loss": 0.5,
        "run_id": run.id,
        "attempt": 1,
        "step": 2,
        "recording": str(run.dir / "recording-1.rrd"),
        "sha256": _sha256(b"weights 2"),
    }


def test_what_is_saved_last_is_handed_over_before_the_end(tmp_path: Path) -> None:
    """The run waits for its copy."""
    sink = FileSink()
    (tmp_path / "answers.csv").write_text("1,2")
    with _open(tmp_path / "runs", sink) as run:
        run.artifact(tmp_path / "answers.csv")
    (upload,) = sink.uploads()
    assert upload.files.read_text() == "1,2"
    assert (upload.name, upload.type) == (f"answers.csv-{run.id}", "data")


def test_files_that_are_missing_are_told_where_they_are_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An upload raises, a mere note is a warning."""
    with _open(tmp_path / "runs", FileSink()) as run:
        with pytest.raises(FileNotFoundError, match=r"modle\.pt"):
            run.checkpoint(tmp_path / "modle.pt", upload=True)
        run.checkpoint(tmp_path / "modle.pt")
    (entry,) = _told(run)["checkpoints"]
    assert "sha256" not in entry
    assert f"There is no digest of {tmp_path / 'modle.pt'}" in caplog.text


def test_a_later_attempt_keeps_what_an_earlier_one_has_saved(tmp_path: Path) -> None:
    """In run.json, and on disk under a name of its own, as it may wait for an upload."""
    model = tmp_path / "model.pt"
    ids: list[str] = []
    for content in (b"first", b"second"):
        model.write_bytes(content)
        sink = FileSink()
        with _open(tmp_path / "runs", sink, resume=ids[0] if ids else None) as run:
            run.restore(5)
            run.checkpoint(model, name="model", upload=True)
        ids.append(run.id)
        (upload,) = sink.uploads()
        assert upload.files.read_bytes() == content
    assert [path.name for path in sorted(run.dir.glob("artifacts/model/*"))] == [
        "step-5",
        "step-5-2",
    ]
    (entry,) = _told(run)["checkpoints"]  # the later one, of the same path and step
    assert entry["sha256"] == _sha256(b"second")


@pytest.mark.parametrize(
    ("wanted", "fails", "sent"),
    [("end", False, True), ("on_failure", False, False), ("on_failure", True, True)],
)
def test_the_recording_is_handed_over_when_it_is_whole(
    tmp_path: Path, wanted: Any, fails: bool, sent: bool
) -> None:
    """At the end or after a failure, as wanted; with its footer, and everything in it."""
    from tests.support import rrd
    from triptych.sinks.rerun import RerunSink

    found: list[tuple[Upload, list[float]]] = []

    class Reader(FileSink):
        def write(self, batch: Any) -> None:
            super().write(batch)
            found.extend(
                (one, rrd.scalars(one.files, "/loss")[1].tolist()) for one in self.uploads()
            )

    run = _open(tmp_path / "runs", RerunSink(), Reader(), upload_recording=wanted)
    for _ in run.steps(range(3)):
        run.log({"loss": run.step})
    if fails:
        run.ended_by(ValueError("no"))
    assert run.close()

    expected = [(run.dir / "recording-1.rrd", "recording", [1.0, 2.0, 3.0])] if sent else []
    assert [(one.files, one.type, values) for one, values in found] == expected
    if sent:
        assert found[0][0].aliases == ("latest", "attempt-1")
        assert _told(run)["totals"]["sinks"]["memory"]["delivered"] == 4 + fails


def test_upload_recording_is_one_of_three(tmp_path: Path) -> None:
    """Anything else leaves nothing behind."""
    with pytest.raises(ValueError, match=r"upload_recording= is .* not 'always'"):
        _open(tmp_path, MemorySink(), upload_recording="always")
    assert list(tmp_path.iterdir()) == []


def test_files_that_take_too_long_leave_the_sinks_their_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Half of it; what is missing is told. A pipe that nobody writes to is a very slow disk."""
    os.mkfifo(tmp_path / "slow.pt")
    sink = MemorySink()
    run = _open(tmp_path / "runs", sink)
    run.checkpoint(tmp_path / "slow.pt")
    run.log({"loss": 1})
    began = time.monotonic()
    assert not run.close(timeout=2)
    assert time.monotonic() - began > 0.9
    assert sink.numbers == {"loss": [(0, 1.0)]}
    assert _told(run)["totals"]["sinks"]["memory"]["delivered"] == 2
    assert "The files that were saved last could not be copied and read in time" in caplog.text
    (tmp_path / "slow.pt").write_bytes(b"")  # the thread can end
