"""`MemorySink`: a sink like any other, to be read back."""

from __future__ import annotations

from pathlib import Path

import pytest

import triptych
from triptych.pipeline.sink import Sink
from triptych.sinks.memory import MemorySink


def test_it_is_a_sink() -> None:
    """With nothing in it."""
    sink = MemorySink()
    assert isinstance(sink, Sink)
    assert (sink.info, sink.numbers, sink.records, sink.status) == (None, {}, [], None)


def test_it_keeps_what_a_run_has_logged(tmp_path: Path) -> None:
    """Numbers by path, and all other things as records with their stamp."""
    sink = MemorySink()
    with triptych.run("p", "name", root=tmp_path, sinks=[sink], console=False) as run:
        for _ in run.steps(range(2)):
            run.log({"a": run.step / 2, "text": triptych.Text("hello")})
    assert sink.info == run.info
    assert sink.numbers == {"a": [(1, 0.5), (2, 1.0)]}
    assert [(one.path, one.stamp.step, one.value) for one in sink.records] == [
        ("text", 1, triptych.Text("hello")),
        ("text", 2, triptych.Text("hello")),
    ]
    assert (sink.status, sink.error) == (triptych.Status.FINISHED, None)


def test_it_keeps_how_a_run_ended(tmp_path: Path) -> None:
    """The exception as text."""
    sink = MemorySink()
    run = triptych.run("p", root=tmp_path, sinks=[sink], console=False)
    with pytest.raises(ValueError, match="out of luck"), run:
        raise ValueError("out of luck")
    assert sink.status == "failed"
    assert sink.error is not None
    assert (sink.error.kind, sink.error.message) == ("ValueError", "out of luck")
