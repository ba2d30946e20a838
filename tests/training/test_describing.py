"""What a run says of itself: what went into it, its seeds, and the way back from a checkpoint."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import torch

import triptych
from tests.support import rrd
from triptych.archive import seeds
from triptych.archive.digests import digest
from triptych.pipeline.records import Config, Event
from triptych.sinks.memory import MemorySink


def _open(root: Path, sink: Any = None, **options: Any) -> triptych.Run:
    sinks = (sink or MemorySink(),)
    return triptych.run("digits", root=root, sinks=sinks, console=False, **options)


def _provenance(run: triptych.Run, attempt: int = 1) -> dict[str, Any]:
    told = json.loads((run.dir / "run.json").read_text())
    found: dict[str, Any] = told["attempts"][attempt - 1]["provenance"]
    return found


def test_what_went_into_a_run_is_told(tmp_path: Path) -> None:
    """As given, or with the digest of its files; to sinks that are open, and as events."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train.csv").write_text("1,2")
    sink = MemorySink()
    with _open(tmp_path / "runs", sink) as run:
        run.uses("digits", version="1.2", path=tmp_path / "data", digest=True)
        run.uses("resnet", version="v2", digest="md5:900150983cd24fb0")
        run.uses("labels", path="https://ada:hunter2@example.org/labels")
    uses = {
        "digits": {
            "version": "1.2",
            "path": str(tmp_path / "data"),
            "digest": f"sha256:{digest(tmp_path / 'data').sha256}",
            "bytes": 3,
        },
        "resnet": {"version": "v2", "digest": "md5:900150983cd24fb0"},
        "labels": {"path": "https://***@example.org/labels"},
    }
    assert _provenance(run)["uses"] == uses
    told = [one.value.info for one in sink.records if isinstance(one.value, Config)]
    assert told[-1].provenance["uses"] == uses
    events = [one.value.text for one in sink.records if isinstance(one.value, Event)]
    assert events == ["uses digits 1.2", "uses resnet v2", "uses labels"]


def test_a_digest_of_nothing_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Without a path at once; of files that are not there in the log."""
    with _open(tmp_path) as run:
        with pytest.raises(ValueError, match="pass path= as well"):
            run.uses("digits", digest=True)
        run.uses("digits", path=tmp_path / "missing", digest=True)
    assert "The digest of digits is not known" in caplog.text
    assert _provenance(run)["uses"] == {"digits": {"path": str(tmp_path / "missing")}}


def test_seeds_are_read_again_at_the_end_of_each_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many a script seeds after it has opened its run."""
    state, torch_state = random.getstate(), torch.get_rng_state()
    monkeypatch.setattr(seeds, "_given", {})
    monkeypatch.delenv("PL_GLOBAL_SEED", raising=False)
    monkeypatch.setenv("PYTHONHASHSEED", "random")
    torch.manual_seed(1)
    run = _open(tmp_path)
    triptych.seed_everything(7)
    run.begin_attempt()
    run.close()
    random.setstate(state)
    torch.set_rng_state(torch_state)

    seven = {"random": 7, "numpy": 7, "torch": 7, "hash": 7}
    assert _provenance(run)["seeds"] == {"torch": 1}
    assert _provenance(run)["seeds_at_end"] == seven
    assert _provenance(run, 2)["seeds_at_end"] == seven


def test_a_checkpoint_leads_back_to_its_run(tmp_path: Path) -> None:
    """Through torch and JSON, from any project, also when all runs have moved."""
    with _open(tmp_path / "runs") as run:
        for _ in run.steps(range(3)):
            run.log({"loss": run.step})
        state = run.state_dict()
        run.advance()
    torch.save({"run": state}, tmp_path / "model.pt")
    state = torch.load(tmp_path / "model.pt", weights_only=True)["run"]
    assert state == {"run_id": run.id, "step": 3, "root": str(tmp_path / "runs")}
    assert json.loads(json.dumps(state)) == state

    with _open(tmp_path / "runs", resume=state) as second:
        assert (second.id, second.step, second.info.attempt) == (run.id, 3, 2)
    (tmp_path / "runs").rename(tmp_path / "elsewhere")
    with _open(tmp_path / "elsewhere", resume=state, name="other") as third:
        assert (third.id, third.step, third.info.attempt) == (run.id, 3, 3)

    with pytest.raises(ValueError, match=f"the run {run.id!r} of the checkpoint is neither in"):
        _open(tmp_path / "nowhere", resume=state)
    assert not (tmp_path / "nowhere").exists()


def test_ranks_that_do_not_write_go_on_at_the_same_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever their own checkpoint says of the run."""
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    run = _open(tmp_path, resume={"run_id": "", "step": 7, "root": ""})
    assert (run.step, run.state_dict()["run_id"]) == (7, "")
    run.uses("digits", path=tmp_path, digest=True)
    run.checkpoint(tmp_path / "missing.pt", upload=True)
    assert run.close()
    assert list(tmp_path.iterdir()) == []


def test_recording_has_what_became_known_later(tmp_path: Path) -> None:
    """The properties that a catalog of recordings can be searched by."""
    from triptych.sinks.rerun import RerunSink

    with _open(tmp_path, RerunSink()) as run:
        run.uses("digits", version="1.2")
        run.configure({"lr": 0.1})
    properties = rrd.properties(run.dir / "recording-1.rrd")
    assert properties["provenance"]["uses.digits.version"] == ["1.2"]
    assert properties["config"]["lr"] == [0.1]
    assert properties["ending"]["status"] == ["finished"]
    assert properties["ending"]["exit_code"] == [0.0]
    (duration,) = properties["ending"]["duration"]
    assert 0 < duration < 60
