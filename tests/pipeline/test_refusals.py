"""Values that `run.log` cannot take: told once at the caller's line, counted, and survived."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import pytest
import torch

from tests.support.faults import Fault
from tests.support.pipe import Pipe
from triptych.caller import TriptychWarning
from triptych.sinks.memory import MemorySink
from triptych.visuals import Image

_REFUSED: list[Any] = [None, {"a": 1}, object(), "text", [1, 2], torch.zeros(2), np.zeros(2)]


def _broken() -> Image:
    raise ZeroDivisionError("in a function of the user")


def test_function_that_raises_is_counted_and_training_goes_on(
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
) -> None:
    """Its traceback is told once; the rest of the row arrives."""
    sink = MemorySink()
    with Pipe(sink, strict=False) as pipe:
        for _ in range(3):
            pipe.log({"a": 1, "picture": _broken, "b": 2})
    assert pipe.intake.rejected == {"picture": 3}
    assert sink.numbers == {"a": [(0, 1.0)] * 3, "b": [(0, 2.0)] * 3}
    (record,) = caplog.records
    assert "The function logged at 'picture' raised; training goes on." in record.getMessage()
    assert record.exc_info is not None
    assert "in _broken" in caplog.text
    fault("callback", kept="the rest of the row", shed="its value; the traceback is told once")


def test_function_that_raises_raises_in_strict_mode() -> None:
    """The same exception."""
    with Pipe(MemorySink()) as pipe, pytest.raises(ZeroDivisionError, match="of the user"):
        pipe.log({"picture": _broken})


@pytest.mark.parametrize("value", _REFUSED, ids=lambda one: type(one).__name__)
def test_value_that_cannot_be_taken_warns_once_at_the_line_of_the_caller(
    value: object, fault: Fault
) -> None:
    """It is counted each time, and the rest of the row arrives."""
    sink = MemorySink()
    with Pipe(sink, strict=False) as pipe, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        line = _here() + 2
        for _ in range(3):
            pipe.intake.log({"a": 1, "wrong/value": value})
    (warning,) = told
    assert (warning.filename, warning.lineno) == (__file__, line)
    assert warning.category is TriptychWarning
    assert str(warning.message).startswith("'wrong/value' is ")
    assert pipe.intake.rejected == {"wrong/value": 3}
    assert sink.numbers == {"a": [(0, 1.0)] * 3}
    fault(
        "odd-types", kept="the rest of the row", shed="the value; told once, at the caller's line"
    )


@pytest.mark.parametrize("path", [1, None, "", "/", "__x", "a/__b"], ids=repr)
def test_path_that_cannot_be_taken_warns_once_at_the_line_of_the_caller(
    path: object, fault: Fault
) -> None:
    """And is counted under what was given."""
    with Pipe(MemorySink(), strict=False) as pipe, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        line = _here() + 2
        for _ in range(3):
            pipe.intake.log({path: 1.0})
    assert [(one.filename, one.lineno) for one in told] == [(__file__, line)]
    assert pipe.intake.rejected == {str(path): 3}
    fault(
        "odd-paths", case="empty, reserved, no text", kept="the rest", shed="the value; told once"
    )


@pytest.mark.parametrize("values", [0.5, None, [("a", 1)], "a"], ids=repr)
def test_anything_but_a_mapping_warns_once(values: object) -> None:
    """The message does not hold the value, which may be large and on a device."""
    with Pipe(MemorySink(), strict=False) as pipe, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(3):
            pipe.log(values)
    kind = type(values).__name__
    assert [str(one.message) for one in told] == [
        f'run.log takes a dict such as {{"loss": 0.5}}, not a {kind}.'
    ]
    assert pipe.intake.rejected == {"log": 3}


@pytest.mark.parametrize("row", [{"a": None}, {"": 1}, {1: 1}, {"a": [1]}, 0.5], ids=repr)
def test_strict_mode_raises(row: object) -> None:
    """With the same message, and nothing is counted."""
    with Pipe(MemorySink()) as pipe, pytest.raises(TypeError):
        pipe.log(row)
    assert pipe.intake.rejected == {}


class _Unreadable(float):
    dtype, shape = np.dtype(float), ()

    def item(self) -> float:
        raise RuntimeError("the device is gone")


def test_value_that_raises_when_it_is_read_does_not_stop_training() -> None:
    """Whatever it raises; strict mode lets it through."""
    sink = MemorySink()
    gone = pytest.warns(TriptychWarning, match="RuntimeError: the device is gone")
    with Pipe(sink, strict=False) as pipe, gone:
        pipe.log({"a": _Unreadable(), "b": 1})
    assert (pipe.intake.rejected, sink.numbers) == ({"a": 1}, {"b": [(0, 1.0)]})
    with Pipe(MemorySink()) as pipe, pytest.raises(RuntimeError, match="the device is gone"):
        pipe.log({"a": _Unreadable()})


def test_closed_run_is_told_once_and_counted() -> None:
    """At the caller's line; nothing is kept."""
    sink = MemorySink()
    pipe = Pipe(sink)
    pipe.close()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        line = _here() + 2
        for _ in range(3):
            pipe.intake.log({"a": 1})
    assert [(one.filename, one.lineno) for one in told] == [(__file__, line)]
    assert "after the run was closed" in str(told[0].message)
    assert (pipe.intake.late, sink.numbers) == (3, {})


def _here() -> int:
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_lineno
