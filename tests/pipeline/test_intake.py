"""`run.log`: stamp, due, build, own, put, and what happens to values that cannot be taken."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import PIL.Image
import pytest
import rerun as rr
import torch
import wandb
from matplotlib.figure import Figure

from tests.support.faults import Fault
from tests.support.pipe import Pipe
from triptych import visuals
from triptych.pipeline.cadence import Every, Limit, Route
from triptych.pipeline.records import Foreign
from triptych.sinks.memory import MemorySink
from triptych.visuals import Image, Text

_PICTURE = Image(np.zeros((2, 2), np.uint8))


def test_every_kind_of_number_arrives_under_its_path() -> None:
    """At the step of its row, the first time and by the short way that follows."""
    sink = MemorySink()
    with Pipe(sink) as pipe:
        for _ in range(3):
            pipe.clock.advance()
            loss = torch.tensor(0.5, requires_grad=True) * 1
            row = {"int": 2, "float": 0.25, "bool": True, "numpy": np.float32(0.5)}
            pipe.log({**row, "/torch//loss": loss, "fraction": Fraction(1, 8)})
    expected = {"int": 2.0, "float": 0.25, "bool": 1.0, "numpy": 0.5, "fraction": 0.125}
    expected["torch/loss"] = 0.5
    assert sink.numbers == {
        path: [(step, value) for step in (1, 2, 3)] for path, value in expected.items()
    }


def test_numbers_beyond_a_float_are_infinite() -> None:
    """In a row of known names too, which keeps its other values."""
    sink = MemorySink()
    with Pipe(sink) as pipe:
        for value in (1, 2**2000, -(2**2000), 2):
            pipe.log({"before": 1, "a": value, "after": 3})
    assert sink.numbers["a"] == [(0, 1.0), (0, math.inf), (0, -math.inf), (0, 2.0)]
    assert sink.numbers["before"] == [(0, 1.0)] * 4
    assert sink.numbers["after"] == [(0, 3.0)] * 4
    assert pipe.intake.nonfinite == {"a": 2}


def test_values_that_are_not_finite_are_kept_counted_and_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With the step at which the first one came."""
    sink = MemorySink()
    with Pipe(sink) as pipe:
        for value in (1.0, math.nan, math.inf, math.nan):
            pipe.clock.advance()
            pipe.log({"loss": value, "lr": 0.1})
    assert [str(value) for _, value in sink.numbers["loss"]] == ["1.0", "nan", "inf", "nan"]
    assert sink.numbers["lr"] == [(step, 0.1) for step in (1, 2, 3, 4)]
    assert pipe.intake.nonfinite == {"loss": 3}
    assert caplog.messages == ["loss is nan at step 2; it is kept as such."]


def test_function_is_called_only_where_a_sink_is_due() -> None:
    """Once, however many sinks want what it makes."""
    calls: list[int] = []
    first, second, none = MemorySink(), MemorySink(), MemorySink()
    second.name, none.name = "second", "none"
    routes = [Route(first, visuals=Every(steps=10)), Route(second, visuals=Limit(per_epoch=1))]
    with Pipe(*routes, Route(none, visuals=False)) as pipe:

        def draw() -> Image:
            calls.append(pipe.clock.step)
            return _PICTURE

        for _ in range(25):
            pipe.clock.advance()
            pipe.log({"picture": draw})
    assert calls == [1, 11, 21]
    assert [[one.stamp.step for one in sink.records] for sink in (first, second, none)] == [
        [1, 11, 21],
        [1],
        [],
    ]


def test_function_may_return_a_number_or_nothing() -> None:
    """Nothing is logged then, and nothing refused."""
    sink = MemorySink()
    with Pipe(sink) as pipe:
        pipe.log({"number": lambda: 0.5, "nothing": lambda: None})
    assert (sink.numbers, sink.records) == ({"number": [(0, 0.5)]}, [])


def _figure() -> Figure:
    figure = Figure(figsize=(2, 1), dpi=50)
    figure.add_subplot().plot([1, 2])
    return figure


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: PIL.Image.new("RGB", (6, 4)), (4, 6, 3)),
        (_figure, (50, 100, 4)),
        (lambda: Image(np.zeros((3, 5), np.uint8)), (3, 5)),
    ],
    ids=["PIL", "matplotlib", "Image"],
)
def test_pictures_of_other_packages_become_images(
    make: Callable[[], Any], shape: tuple[int, ...]
) -> None:
    """As they are, or made by a function."""
    sink = MemorySink()
    with Pipe(sink) as pipe:
        pipe.log({"direct": make(), "function": make})
    assert [record.path for record in sink.records] == ["direct", "function"]
    for record in sink.records:
        drawn = record.value.picture if isinstance(record.value, visuals.Figure) else record.value
        assert isinstance(drawn, Image)
        assert drawn.to_uint8().shape[: len(shape)] == shape


def test_foreign_values_go_home_and_their_pictures_elsewhere() -> None:
    """What another sink has no way to show is counted there."""
    home_rerun, home_wandb, other = MemorySink(), MemorySink(), MemorySink()
    home_rerun.name, home_wandb.name, other.name = "rerun", "wandb", "other"
    points, picture = rr.Points2D([[0, 0]]), wandb.Image(np.zeros((4, 4), np.uint8))
    with Pipe(home_rerun, home_wandb, other) as pipe:
        pipe.log({"points": points, "picture": picture, "words": rr.TextDocument("hello")})

    def kinds(sink: MemorySink) -> list[tuple[str, type]]:
        return [(record.path, type(record.value)) for record in sink.records]

    assert kinds(home_rerun) == [("points", Foreign), ("picture", Image), ("words", Foreign)]
    assert kinds(home_wandb) == [("picture", Foreign), ("words", Text)]
    assert kinds(other) == [("picture", Image), ("words", Text)]
    assert home_rerun.records[0].value == Foreign(points, "rerun")
    lost = {name: one.snapshot().shed for name, one in pipe.deliveries.items()}
    not_shown = {"not shown": {"points": 1}}
    assert lost == {"rerun": {}, "wandb": not_shown, "other": not_shown}


def test_what_was_logged_does_not_change_afterwards(fault: Fault) -> None:
    """Training goes on in the same memory."""
    sink = MemorySink()
    pixels, loss = np.zeros((4, 4), np.uint8), torch.tensor(0.5)
    with Pipe(sink, poll=10) as pipe:
        row: dict[str, Any] = {"picture": Image(pixels), "loss": loss}
        pipe.log(row)
        pixels[:], row["loss"] = 255, 9
        loss.fill_(9)
    assert sink.numbers == {"loss": [(0, 0.5)]}
    (record,) = sink.records
    assert isinstance(record.value, Image)
    assert record.value.to_uint8().max() == 0
    fault("overwritten", kept="the value at the call")


def test_time_spent_is_added_up() -> None:
    """That of the slow way too."""
    with Pipe(MemorySink()) as pipe:
        pipe.log({"picture": lambda: _PICTURE})
        spent = pipe.intake.spent_ns
        pipe.log({"a": 1})
        assert 0 < spent < pipe.intake.spent_ns < 10**9
