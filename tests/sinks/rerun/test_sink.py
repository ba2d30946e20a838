"""The recording holds what was logged, read back from the file."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import rerun as rr

import triptych
from tests.support import rrd
from tests.support.faults import Fault
from triptych.sinks.rerun import RerunSink


@contextmanager
def _recorded(root: Path, **options: Any) -> Iterator[triptych.Run]:
    with triptych.run("rerun", root=root, sinks=[RerunSink()], console=False, **options) as run:
        yield run
    assert all(not sink.shed for sink in run.totals.sinks.values())


def test_numbers_are_where_and_when_they_were_logged(tmp_path: Path) -> None:
    """One entity a path; NaN and infinities are kept; what is before the epochs has no epoch."""
    before = time.time_ns()
    with _recorded(tmp_path, strict=False) as run:
        run.log({"val/loss": 4})
        for _ in run.epochs(2):
            for _ in run.steps(range(2)):
                run.log({"train/loss": 1 / run.step, "odd": [math.nan, math.inf][run.step % 2]})
    after = time.time_ns()
    path = run.info.recording

    assert rrd.scalar_paths(path) == {"/val/loss", "/train/loss", "/odd"}
    assert [a.tolist() for a in rrd.scalars(path, "/train/loss")] == [
        [1, 2, 3, 4],
        [1, 1 / 2, 1 / 3, 1 / 4],
    ]
    assert rrd.scalars(path, "/train/loss", "epoch")[0].tolist() == [0, 0, 1, 1]
    np.testing.assert_array_equal(
        rrd.scalars(path, "/odd")[1], [math.inf, math.nan, math.inf, math.nan]
    )
    assert rrd.scalars(path, "/val/loss")[0].tolist() == [0]
    assert rrd.scalars(path, "/val/loss", "epoch")[0].tolist() == []
    times = rrd.scalars(path, "/train/loss", "log_time")[0]
    assert before - 1000 <= times.min() <= times.max() <= after + 1000
    assert rrd.timelines(path) == {"step": "int64", "epoch": "int64", "log_time": "timestamp[ns]"}
    assert rrd.verify(path) == 0


def test_any_path_is_one_entity(tmp_path: Path, fault: Fault) -> None:
    """Spaces, signs and letters of all kinds are escaped, slashes part levels."""
    with _recorded(tmp_path) as run:
        run.log({"val loss [%]/größe/a.b": 1.0})

    (entity,) = rrd.scalar_paths(run.info.recording)
    assert entity == str(rr.new_entity_path(["val loss [%]", "größe", "a.b"]))
    fault("odd-paths", kept="each as an entity of its own")


def test_words_stand_under_their_logger(tmp_path: Path) -> None:
    """With level, step and the whole traceback; a warning of Python's is a word too."""
    logger = logging.getLogger("my.model v2")
    with _recorded(tmp_path) as run:
        logger.warning("%d classes", 10)
        run.advance()
        try:
            _ = 1 / 0
        except ZeroDivisionError:
            logger.exception("not good")
        run.event("unfroze the backbone")

    first, second, third = rrd.text_log(run.info.recording)
    entity = str(rr.new_entity_path(["logs", "my.model v2"]))
    assert first == (0, entity, "WARN", "10 classes")
    assert second[:3] == (1, entity, "ERROR")
    assert second[3].startswith("not good\nTraceback (most recent call last):\n")
    assert second[3].endswith("ZeroDivisionError: division by zero")
    assert third == (1, "/events", "INFO", "unfroze the backbone")


def test_the_types_of_properties_are_stable(tmp_path: Path) -> None:
    """Numbers are float64 and the rest is text, nested by dots; no key is special."""
    config = {
        "lr": 1,
        "fast": True,
        "model": {"name": "cnn", "sizes": [8, 16]},
        "seed": None,
        "self": "key",
        "drop_untyped_nones": 3,
        "": "blank",
    }
    with _recorded(tmp_path, config=config, name="größte/run") as run:
        pass
    with _recorded(tmp_path, config={"lr": "auto"}) as other:
        pass

    found = rrd.properties(run.info.recording)
    assert found["RecordingInfo:name"] == ["größte/run"]
    ending = found["ending"]
    assert (ending["status"], ending["exit_code"]) == (["finished"], [0.0])
    assert ending.keys() == {"status", "exit_code", "ended", "duration"}
    assert found["config"] == {
        "lr": [1.0],
        "fast": [1.0],
        "model.name": ["cnn"],
        "model.sizes": ["[8, 16]"],
        "seed": ["None"],
        "self": ["key"],
        "drop_untyped_nones": [3.0],
        "(unnamed)": ["blank"],
    }
    assert rrd.properties(other.info.recording)["config"] == {"lr": ["auto"]}


def test_a_second_attempt_has_a_recording_of_its_own(tmp_path: Path) -> None:
    """Both are sound, and each has its own steps."""
    with _recorded(tmp_path) as run:
        run.advance()
        run.log({"loss": 1.0})
        assert run.begin_attempt()
        run.advance()
        run.log({"loss": 2.0})

    both = [run.dir / f"recording-{attempt}.rrd" for attempt in (1, 2)]
    assert [rrd.scalars(path, "/loss")[0].tolist() for path in both] == [[1], [2]]
    assert [rrd.verify(path) for path in both] == [0, 0]
