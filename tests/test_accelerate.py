"""`RerunTracker` does what accelerate asks of a tracker, and is a run all the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import accelerate.tracking
import numpy as np
import pandas as pd
import pytest
from accelerate import Accelerator
from accelerate.state import AcceleratorState, GradientState, PartialState
from accelerate.tracking import register_tracker_class

import triptych
from tests.support import environment, rrd, wandb_files
from triptych import Run
from triptych.accelerate import RerunTracker
from triptych.sinks.memory import MemorySink


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    """Accelerate keeps its state, and its table of trackers, for the whole process."""
    known = dict(accelerate.tracking.LOGGER_TYPE_TO_CLASS)
    yield
    accelerate.tracking.LOGGER_TYPE_TO_CLASS.clear()
    accelerate.tracking.LOGGER_TYPE_TO_CLASS.update(known)
    for state in (AcceleratorState, GradientState):
        state._reset_state()
    PartialState._reset_state()


def options(folder: Path, **more: Any) -> dict[str, Any]:
    """For `triptych.run`."""
    return {"root": folder, "console": False, "wandb": False, "strict": True, **more}


def test_a_registered_tracker(tmp_path: Path) -> None:
    """By its name, with its settings from `init_kwargs` and its configuration from `config`."""
    register_tracker_class(RerunTracker)
    accelerator = Accelerator(log_with="rerun", cpu=True)
    more = options(tmp_path, name="first", wandb="offline")
    accelerator.init_trackers("digits", config={"lr": 0.5}, init_kwargs={"rerun": more})
    run = accelerator.get_tracker("rerun", unwrap=True)
    accelerator.log({"train/loss": 0.25}, step=1)
    accelerator.log({"train/loss": 0.125}, step=2)
    accelerator.log({"val/loss": 0.5}, step=2, log_kwargs={"rerun": {"phase": "val"}})
    accelerator.end_training()

    assert isinstance(run, Run)
    assert run.exit_code == 0
    steps, values = rrd.scalars(run.dir / "recording-1.rrd", "/train/loss")
    assert (steps.tolist(), values.tolist()) == ([1, 2], [0.25, 0.125])
    assert rrd.properties(run.dir / "recording-1.rrd")["config"]["lr"] == [0.5]
    story = json.loads((run.dir / "run.json").read_text())
    assert (story["project"], story["name"], story["config"]) == ("digits", "first", {"lr": 0.5})
    found = wandb_files.wait(wandb_files.folders(run.dir / "wandb")[0])
    assert found.config["lr"] == 0.5
    assert found.curve("val/loss") == [(2, 0.5)]
    assert "step 2 val | numbers: val/loss 0.5" in (run.dir / "train.log").read_text()


def test_an_instance(tmp_path: Path) -> None:
    """A tracker with a run of the user's, who moves the clock and closes it."""
    sink = MemorySink()
    with triptych.run("digits", root=tmp_path, sinks=[sink]) as run:
        accelerator = Accelerator(log_with=RerunTracker(run=run), cpu=True)
        accelerator.init_trackers("ignored")
        for batch in run.steps([0.5, 0.25]):
            accelerator.log({"train/loss": batch})
        accelerator.end_training()
        assert run.exit_code is None

    assert sink.numbers == {"train/loss": [(1, 0.5), (2, 0.25)]}


def test_making_one_starts_nothing(tmp_path: Path) -> None:
    """No run, no folder and no process group before it is used."""
    PartialState._reset_state()
    tracker = RerunTracker("digits", **options(tmp_path))

    tracker.start()
    tracker.store_init_configuration({"lr": 0.5})
    assert PartialState._shared_state == {}
    assert list(tmp_path.iterdir()) == []
    assert tracker.tracker.info.config == {"lr": 0.5}
    assert [path.name for path in tmp_path.iterdir()] == ["digits"]
    tracker.finish()


def _saved(folder: Path) -> Run:
    """A run whose state was saved at step 4, after which it went on to 6."""
    accelerator = Accelerator(log_with=RerunTracker("digits", **options(folder / "runs")), cpu=True)
    accelerator.init_trackers("digits")
    run: Run = accelerator.get_tracker("rerun", unwrap=True)
    for step in range(1, 7):
        accelerator.log({"train/loss": 1 / step}, step=step)
        if step == 4:
            accelerator.save_state(str(folder / "state"))
    accelerator.end_training()
    return run


@pytest.mark.parametrize("forbidden", [True, False])
def test_a_state_that_is_loaded_continues_its_run(tmp_path: Path, *, forbidden: bool) -> None:
    """At its step, in a new attempt; with `resume=False` in a new run."""
    first = _saved(tmp_path)
    more = {"resume": False} if forbidden else {}
    tracker = RerunTracker("digits", **options(tmp_path / "runs", **more))
    accelerator = Accelerator(log_with=tracker, cpu=True)
    accelerator.init_trackers("digits", config={"lr": 0.5})
    accelerator.load_state(str(tmp_path / "state"))
    run: Run = accelerator.get_tracker("rerun", unwrap=True)
    for loss in run.steps([0.5, 0.25]):
        accelerator.log({"train/loss": loss})
    accelerator.end_training()

    assert (run.id == first.id) != forbidden
    attempt = 1 if forbidden else 2
    steps, _ = rrd.scalars(run.dir / f"recording-{attempt}.rrd", "/train/loss")
    assert steps.tolist() == [5, 6]
    assert run.info.config == {"lr": 0.5}


def test_a_run_that_is_open_stays_and_says_so(tmp_path: Path) -> None:
    """The state came too late: the step is taken from it, and the run is another."""
    first = _saved(tmp_path)
    accelerator = Accelerator(log_with=RerunTracker("digits", **options(tmp_path / "runs")))
    accelerator.init_trackers("digits")
    run: Run = accelerator.get_tracker("rerun", unwrap=True)
    accelerator.load_state(str(tmp_path / "state"))
    assert run.step == 4
    accelerator.end_training()

    said = (run.dir / "train.log").read_text()
    assert f"The checkpoint is of the run {first.id!r}, but {run.id!r} is open already" in said


def test_what_it_takes(tmp_path: Path) -> None:
    """Numbers, words, nested numbers, several pictures, tables: as accelerate's own trackers."""
    sink = MemorySink()
    tracker = RerunTracker("digits", root=tmp_path, sinks=[sink], strict=True)
    tracker.start()
    tracker.log({"loss": {"train": 0.5, "val": 0.25}, "note": "warm"}, step=3)
    pixels = np.arange(2 * 5 * 6 * 3, dtype=np.uint8).reshape(2, 5, 6, 3)
    tracker.log_images({"batch": pixels}, step=4, caption="seen")
    tracker.log_table("scores", columns=["a", "b"], data=[[1, "x"]], step=5)
    tracker.log_table("frame", dataframe=pd.DataFrame({"a": [1.5]}), step=6)
    with pytest.raises(TypeError, match="log_table takes columns and data, or a dataframe"):
        tracker.log_table("empty")
    tracker.finish()

    assert sink.numbers == {"loss/train": [(3, 0.5)], "loss/val": [(3, 0.25)]}
    found = {record.path: (record.stamp.step, record.value) for record in sink.records}
    assert found["note"][0] == 3
    assert found["note"][1].text == "warm"
    for place in range(2):
        step, picture = found[f"batch/{place}"]
        assert (step, picture.caption) == (4, "seen")
        np.testing.assert_array_equal(picture.to_uint8(), pixels[place])
    assert (found["scores"][0], found["scores"][1].rows) == (5, ((1, "x"),))
    assert (found["frame"][0], found["frame"][1].rows) == (6, ((1.5,),))


def test_a_failure_on_its_way(tmp_path: Path) -> None:
    """`end_training` in a `finally` ends the run as failed, with the traceback."""
    tracker = RerunTracker("digits", **options(tmp_path))

    def train() -> None:
        try:
            tracker.log({"loss": 1.0}, step=7)
            raise ValueError("spoilt")
        finally:
            tracker.finish()

    with pytest.raises(ValueError, match="spoilt"):
        train()

    run = tracker.tracker
    assert (str(run.status), run.exit_code) == ("failed", 1)
    errors = [line for line in rrd.text_log(run.dir / "recording-1.rrd") if line[1] == "/errors"]
    assert [step for step, *_ in errors] == [7]


def test_neither_project_nor_run() -> None:
    """The message says what to give."""
    with pytest.raises(TypeError, match=r'Give RerunTracker a project such as "digits", or run='):
        RerunTracker()


def test_accelerate_is_named_where_it_is_missing(tmp_path: Path) -> None:
    """Without accelerate and transformers, the import says which extra brings them."""
    program = """
        import sys
        for name in ("accelerate", "transformers"):
            sys.modules[name] = None
        for module in ("triptych.accelerate", "triptych.hf"):
            try:
                __import__(module)
            except ImportError as error:
                print(error)
    """

    assert environment.run(program, environment.isolated(tmp_path)).splitlines() == [
        "triptych.accelerate needs accelerate: pip install triptych[hf]",
        "triptych.hf needs Hugging Face transformers: pip install triptych[hf]",
    ]


def test_a_wrong_argument_is_refused_at_once() -> None:
    """Not when the run opens."""
    with pytest.raises(TypeError, match="max_overheads"):
        RerunTracker("digits", max_overheads=0.1)
