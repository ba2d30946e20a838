"""`open_run`: a run read back from its folder."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from pathlib import Path
from textwrap import dedent

import numpy as np
import pandas as pd
import pytest

import triptych
from tests.support import environment
from tests.support.threads import wait_until
from triptych.archive.folder import RunFolder
from triptych.archive.reader import RunReader, open_run
from triptych.sinks.rerun import RerunSink
from triptych.sinks.text import TextSink
from triptych.words import logging_config

_CONFIG = {"lr": 0.1, "model": {"width": 8}, "api_key": "hunter2"}


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> RunReader:
    """Two epochs of three steps, with something of every kind; it ends with an exception."""
    root = tmp_path_factory.mktemp("runs")
    with pytest.raises(ZeroDivisionError):
        _train(root)
    return open_run("latest", root=root)


def _train(root: Path) -> None:
    sinks = [RerunSink(), TextSink(logging_config(console=False))]
    options = {"root": root, "config": _CONFIG, "sinks": sinks, "console": False}
    with triptych.run("digits", "cnn", **options) as run:
        for epoch in run.epochs(2):
            for _ in run.steps(range(3)):
                run.log({"train/loss": 1 / run.step, "odd": float("nan")})
                logging.getLogger("trainer").warning("at %d", run.step)
            with run.phase("val"):
                run.log({"val/pred": triptych.Image(np.full((5, 6, 3), 100 + epoch, np.uint8))})
                run.log({"val/note": triptych.Text(f"epoch {epoch}")})
                run.log({"val/weights": triptych.Histogram(np.arange(9.0))})
        run.event("almost there")
        _ = 1 / 0


def test_a_run_tells_who_it_was_and_how_it_ended(read: RunReader) -> None:
    """What run.json says."""
    assert read.status == "failed"
    assert read.config == {"lr": 0.1, "model": {"width": 8}, "api_key": "***"}
    (attempt,) = read.attempts
    assert attempt["error"] == "ZeroDivisionError: division by zero"
    assert str(read.provenance["python"]).startswith("3.")
    assert read.id in repr(read)


def test_scalars_are_steps_and_values(read: RunReader) -> None:
    """As arrays, NaN included."""
    steps, values = read.scalars("train/loss")
    assert (steps.dtype, values.dtype) == (np.int64, np.float64)
    assert steps.tolist() == [1, 2, 3, 4, 5, 6]
    assert values.tolist() == [1 / step for step in range(1, 7)]
    assert np.isnan(read.scalars("odd")[1]).all()


def test_paths_say_what_there_is(read: RunReader) -> None:
    """Everything that was logged, and nothing that a sink has added for its views."""
    expected = {
        "events": "texts",
        "errors": "texts",
        "logs/trainer": "texts",
        "train/loss": "numbers",
        "odd": "numbers",
        "val/pred": "pictures",
        "val/note": "texts",
        "val/weights": "BarChart",
    }
    assert {path: read.paths[path] for path in expected} == expected
    assert not [path for path in read.paths if path.startswith(("log10", "phase", "val/weights/"))]


def test_the_frame_has_all_numbers_with_all_their_times(read: RunReader) -> None:
    """A row for each, and one column for each path with one more call."""
    frame = read.frame()
    assert list(frame.columns) == ["path", "step", "epoch", "log_time", "attempt", "value"]
    loss = frame[frame.path == "train/loss"]
    assert loss.step.tolist() == [1, 2, 3, 4, 5, 6]
    assert loss.epoch.tolist() == [0, 0, 0, 1, 1, 1]
    assert loss.attempt.unique().tolist() == [1]
    age = pd.Timestamp.now("UTC") - loss.log_time
    assert age.min() > pd.Timedelta(0)
    assert age.max() < pd.Timedelta("1h")
    wide = frame.pivot_table("value", "step", "path", aggfunc="last", observed=True)
    assert wide["train/loss"].tolist() == [1 / step for step in range(1, 7)]


def test_without_pandas_the_frame_says_what_else_there_is(
    read: RunReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pandas is no requirement of ours; the same numbers come as an Arrow table."""
    rows = len(read.frame())
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas, or use table"):
        read.frame()
    assert read.table().num_rows == rows >= 12


def test_words_come_in_the_order_of_time_with_step_and_level(read: RunReader) -> None:
    """Lines, logged texts, the event and the traceback."""
    lines = [line for line in read.texts() if line.path != "logs/triptych"]
    assert [(line.step, line.path, line.level, line.text) for line in lines[:4]] == [
        *((k, "logs/trainer", "WARN", f"at {k}") for k in (1, 2, 3)),
        (3, "val/note", None, "epoch 0"),
    ]
    event, error = lines[-2:]
    assert (event.step, event.path, event.text) == (6, "events", "almost there")
    assert (error.path, error.level) == ("errors", "CRITICAL")
    assert "ZeroDivisionError" in error.text
    assert [line.text for line in read.texts("val/note")] == ["epoch 0", "epoch 1"]


def test_images_come_as_pil_images_with_their_steps(read: RunReader) -> None:
    """The pixels that were logged."""
    images = read.images("val/pred")
    assert [step for step, _ in images] == [3, 6]
    assert [np.asarray(image.convert("RGB")).tolist() for _, image in images] == [
        np.full((5, 6, 3), 100, np.uint8).tolist(),
        np.full((5, 6, 3), 101, np.uint8).tolist(),
    ]


def test_the_log_tail_is_the_end_of_the_log(read: RunReader) -> None:
    """As many lines as asked for."""
    written = read.folder.log.read_text("utf-8").splitlines()
    assert read.log_tail(3) == written[-3:]
    assert read.log_tail(len(written) + 1) == written
    assert "ZeroDivisionError: division by zero" in written


def test_a_path_that_is_not_there_is_told_with_the_nearest(read: RunReader) -> None:
    """For numbers and for pictures."""
    with pytest.raises(KeyError, match="no numbers at 'train/los': the nearest are 'train/loss'"):
        read.scalars("train/los")
    with pytest.raises(KeyError, match="no pictures at 'train/loss': the nearest are 'val/pred'"):
        read.images("train/loss")


def test_a_run_that_goes_on_is_read_up_to_its_last_value(tmp_path: Path) -> None:
    """What its recording does not have yet is in its journal."""
    with triptych.run("digits", root=tmp_path, sinks=[RerunSink()], console=False) as run:
        run.advance()
        run.log({"train/loss": 0.5})
        run.event("here")
        read = open_run(run.id, root=tmp_path)
        assert read.status == "running"
        assert read.scalars("train/loss")[1].tolist() == [0.5]
        assert [line.text for line in read.texts("events")] == ["here"]


def test_a_fast_loop_is_read_whole_while_it_goes_on(tmp_path: Path) -> None:
    """What wanders from the journal to the recording meanwhile is there, and once."""
    over = threading.Event()
    with triptych.run("digits", root=tmp_path, sinks=[RerunSink()], console=False) as run:

        def train() -> None:
            while not over.wait(0 if run.step % 50 else 0.001):
                run.advance()
                run.log({"train/loss": run.step, "train/other": 0.5})
                if run.step % 500 == 0:
                    run.event(f"made {run.step}")

        trainer = threading.Thread(target=train)
        trainer.start()
        try:
            wait_until(lambda: run.step > 5000)
            for _ in range(8):
                done = run.step - 1
                read = open_run(run.id, root=tmp_path)
                steps, values = read.scalars("train/loss")
                assert steps.tolist() == values.tolist() == list(range(1, len(steps) + 1))
                assert len(steps) >= done
                said = [line.text for line in read.texts("events")]
                assert said == [f"made {500 * k}" for k in range(1, len(said) + 1)]
                assert len(said) >= done // 500
        finally:
            over.set()
            trainer.join()


_KILLED = dedent("""
    import os, signal, sys, triptych, numpy as np
    from triptych.sinks.rerun import RerunSink
    first, last, root, resume = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    run = triptych.run("digits", root=root, resume=resume or None, sinks=[RerunSink()],
                       console=False)
    run.restore(first - 1)
    for step in range(first, last + 1):
        run.advance()
        run.log({"train/loss": run.info.attempt + step / 1000})
        if step % 5 == 0:
            run.log({"pred": triptych.Image(np.full((8, 8, 3), run.info.attempt, np.uint8))})
            run.flush()
        run.event(f"made {step}")
    os.kill(os.getpid(), signal.SIGKILL)
""")


def test_killed_and_resumed_twice_a_run_opens_as_one(tmp_path: Path) -> None:
    """No step is missing and none is doubled; where attempts overlap the later one is taken."""
    env = environment.isolated(tmp_path)
    for first, last, resume in ((1, 33, ""), (21, 52, "latest"), (41, 60, "latest")):
        program = f"import sys; sys.argv[1:] = {[str(first), str(last), str(tmp_path), resume]}\n"
        with environment.start(program + _KILLED, env) as child:
            _, errors = child.communicate(timeout=60)
        assert child.returncode == -signal.SIGKILL, errors
    read = open_run("latest", root=tmp_path)
    assert read.status == "killed"
    steps, values = read.scalars("train/loss")
    assert steps.tolist() == list(range(1, 61))
    assert values.tolist() == [
        (1 if k <= 20 else 2 if k <= 40 else 3) + k / 1000 for k in range(1, 61)
    ]
    attempts = {step: image.getpixel((0, 0)) for step, image in read.images("pred")}
    assert attempts == {k: 1 + (k > 20) + (k > 40) for k in range(5, 61, 5)}
    said = [line.text for line in read.texts("events")]
    assert said == [
        f"made {k}" for first, last in ((1, 33), (21, 52), (41, 60)) for k in range(first, last + 1)
    ]


def test_a_run_without_a_recording_has_its_story_and_no_numbers(tmp_path: Path) -> None:
    """Its sinks were others."""
    folder = RunFolder.create(tmp_path, "digits")
    folder.write_json({"status": "finished", "config": {"lr": 1}})
    read = open_run(folder.path)
    assert (read.config, read.paths, read.texts(), read.log_tail()) == ({"lr": 1}, {}, [], [])
    assert len(read.frame()) == 0
    with pytest.raises(KeyError, match="there are no numbers"):
        read.scalars("train/loss")
