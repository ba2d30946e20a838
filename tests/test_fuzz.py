"""Anything at all is logged: no exception but the documented ones, and no damaged file.

The examples are the same each time; `FUZZ=5000` draws as many others.
"""

from __future__ import annotations

import datetime as dt
import logging
import math
import os
import struct
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import triptych
from tests.support import rrd, run_folder
from tests.support.pipe import Pipe
from triptych.archive.recording import path_of
from triptych.pipeline.own import Unloggable
from triptych.pipeline.paths import normal_path
from triptych.printable import encodable
from triptych.sinks.memory import MemorySink

_MANY = int(os.environ.get("FUZZ", "0"))


def _fuzz(examples: int) -> Any:
    """Settings: so many examples, unless somebody asks for more."""
    return settings(
        max_examples=_MANY or examples,
        derandomize=not _MANY,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


class Hostile:
    """Raises whatever it is asked."""

    class Hit(Exception):  # noqa: N818
        """What it raises."""

    def __getattr__(self, name: str) -> NoReturn:
        raise self.Hit(name)

    def __repr__(self) -> str:
        raise self.Hit("repr")

    def __float__(self) -> float:
        raise self.Hit("float")


_FLOATS = st.floats(width=64)
_NUMBERS = st.one_of(
    _FLOATS,
    st.integers(),
    st.booleans(),
    st.floats(width=32).map(np.float32),
    st.integers(-128, 127).map(np.int8),
    _FLOATS.map(np.asarray),
    _FLOATS.map(lambda value: torch.tensor([value], dtype=torch.float64)),
    st.floats(width=16).map(lambda value: torch.tensor(value, dtype=torch.bfloat16)),
)
_ARRAYS = hnp.arrays(
    st.one_of(hnp.scalar_dtypes(), hnp.unicode_string_dtypes(), st.just(np.dtype(object))),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)
_JUNK = st.one_of(
    st.none(),
    st.text(),
    st.binary(),
    st.complex_numbers(),
    st.fractions(),
    st.decimals(),
    st.dates(),
    st.timedeltas(),
    st.builds(object),
    st.builds(Hostile),
    st.just(Hostile),
    st.just(dt),
    st.just(torch.zeros(0)),
    st.just(torch.zeros((), device="meta")),
    _ARRAYS,
    st.recursive(_FLOATS, lambda some: st.lists(some) | st.dictionaries(st.text(), some)),
)
_PICTURES = st.builds(
    lambda shape: triptych.Image(np.full(shape, 7, np.uint8)),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
)
_VALUES = st.one_of(_NUMBERS, _JUNK, _PICTURES, _JUNK.map(lambda value: lambda: value))

_TEXTS = st.one_of(
    st.text(),
    st.text(st.characters()),
    st.sampled_from(
        [
            *("", "/", "a//b", "../../etc/x", "/abs", "~", "a/__b", "__x", "CON", " ", " a "),
            *("\0", "a\nb", "\x1b[2J", "a.b", "a:b", "a[0]", "a\\b", "a\\u{41}", "x" * 5000),
            *("é", "e\u0301", "\N{SLIGHTLY SMILING FACE}", "\N{RIGHT-TO-LEFT OVERRIDE}"),
        ]
    ),
)
_PATHS = st.one_of(_TEXTS, _TEXTS, _TEXTS, st.none(), st.integers(), st.tuples(st.text()))
_ROWS = st.dictionaries(_PATHS, _VALUES, max_size=4)


class Expected:
    """The numbers that must arrive, bit by bit."""

    def __init__(self) -> None:
        self.numbers: defaultdict[str, list[bytes]] = defaultdict(list)

    def note(self, row: dict[Any, Any]) -> None:
        """Remember the plain numbers of a row."""
        for key, value in row.items():
            if type(value) in (bool, int, float):
                try:
                    self.numbers[normal_path(key)].append(_bits(value))
                except Unloggable:
                    continue


def _bits(value: float) -> bytes:
    try:
        return struct.pack("d", value)
    except OverflowError:
        return struct.pack("d", math.inf if value > 0 else -math.inf)


@pytest.fixture(scope="module")
def lenient_pipe() -> Iterator[Pipe]:
    """As users have it."""
    with Pipe(MemorySink(), strict=False) as pipe:
        yield pipe


@pytest.fixture(scope="module")
def strict_pipe() -> Iterator[Pipe]:
    """As tests have it."""
    with Pipe(MemorySink()) as pipe:
        yield pipe


@pytest.mark.filterwarnings("ignore::triptych.TriptychWarning")
def test_nothing_that_is_logged_raises(lenient_pipe: Pipe) -> None:
    """Whatever the values and the paths; each number arrives as it was, or is counted."""
    pipe, expected = lenient_pipe, Expected()

    @_fuzz(500)
    @given(row=_ROWS)
    def log(row: dict[Any, Any]) -> None:
        pipe.log(row)
        expected.note(row)

    log()
    assert pipe.flush() == {"memory": True}
    (delivery,) = pipe.deliveries.values()
    sink = delivery.sink
    assert isinstance(sink, MemorySink)
    for path, wanted in expected.numbers.items():
        got = [_bits(value) for _, value in sink.numbers[path]]
        assert not [one for one in wanted if one not in got], path
    totals = delivery.snapshot()
    assert (
        totals.accepted
        == totals.delivered
        == sum(map(len, sink.numbers.values())) + len(sink.records)
    )
    assert pipe.intake.rejected


def test_strict_mode_raises_type_errors_or_what_the_value_raised(strict_pipe: Pipe) -> None:
    """And takes in what comes afterwards."""

    @_fuzz(300)
    @given(row=_ROWS)
    def log(row: dict[Any, Any]) -> None:
        try:
            strict_pipe.log(row)
        except (TypeError, Hostile.Hit):
            strict_pipe.log({"after": 1})

    log()
    assert strict_pipe.flush() == {"memory": True}


@pytest.mark.filterwarnings("ignore::triptych.TriptychWarning")
def test_what_is_no_dict_raises_nothing_either(lenient_pipe: Pipe) -> None:
    """It is counted as refused."""

    @_fuzz(100)
    @given(values=st.one_of(_JUNK, _NUMBERS))
    def log(values: object) -> None:
        before = lenient_pipe.intake.rejected["log"]
        lenient_pipe.log(values)
        refused = lenient_pipe.intake.rejected["log"] - before
        assert refused == (not isinstance(values, dict))

    log()


_FORMS = {
    "image": triptych.Image,
    "heatmap": triptych.Heatmap,
    "depth": triptych.Depth,
    "histogram": triptych.Histogram,
    "bars": triptych.Bars,
    "points": triptych.Points,
    "lines": triptych.Lines,
    "grid": triptych.Grid,
    "embedding": triptych.Embedding,
    "curve": lambda values: triptych.Curve(values, values),
    "confusion": lambda values: triptych.ConfusionMatrix(*[np.clip(values, 0, 9)] * 2),
    "audio": lambda values: triptych.Audio(values, 8000),
    "table": lambda values: triptych.Table(["a", "b"], [[one, None] for one in values]),
    "tokens": lambda values: triptych.Tokens([f"t{k}" for k in range(len(values))], values),
}
_WORDS = {
    "text": triptych.Text,
    "markdown": triptych.Markdown,
    "captioned": lambda text: triptych.Image(np.zeros((4, 4)), caption=text),
    "named": lambda text: triptych.Bars([1.0, 2.0], [text, "other"]),
    "cells": lambda text: triptych.Table([text], [[text]]),
    "tokens": lambda text: triptych.Tokens([text, text], [0.1, 0.9]),
    "curve": lambda text: triptych.Curve([0, 1], [1, 0], title=text, x_label=text),
    "points": lambda text: triptych.Points([[0, 0]], labels=[text]),
}


def _is_text(text: str) -> bool:
    """Whether a file can hold it: in a visual a lone surrogate is counted as a failure."""
    return encodable(text) == text


_VISUALS = st.one_of(
    st.tuples(st.sampled_from(sorted(_FORMS.items(), key=str)), _ARRAYS),
    st.tuples(st.sampled_from(sorted(_WORDS.items(), key=str)), _TEXTS.filter(_is_text)),
)


@pytest.mark.usefixtures("lenient")
@pytest.mark.filterwarnings("ignore::triptych.TriptychWarning")
def test_no_file_is_damaged_and_no_sink_fails(tmp_path: Path) -> None:
    """Numbers, visuals and words of every kind and name, through the real sinks, and read back."""
    expected, names = Expected(), logging.getLogger("fuzz")
    run = triptych.run("fuzz", root=tmp_path, wandb="offline", console=False)

    @_fuzz(150)
    @given(row=_ROWS, visual=_VISUALS, words=_TEXTS)
    def log(row: dict[Any, Any], visual: Any, words: str) -> None:
        run.advance()
        run.log(row)
        expected.note(row)
        names.getChild(words[:20]).info(words)
        (name, make), given_to_it = visual
        try:
            made = make(given_to_it)
        except (TypeError, ValueError):
            return
        run.log({f"visual/{name}": made})

    log()
    arrived = run.close(timeout=120)
    for sink, totals in run.totals.sinks.items():
        assert totals.accepted == totals.delivered + totals.lost, sink
        assert not totals.by_reason().keys() - {"not shown"}, (sink, totals.shed)
    assert arrived

    panels = run_folder.find(tmp_path)
    assert rrd.verify(panels.recording) == 0
    found = defaultdict(list)
    for row in rrd.rows(panels.recording):
        if "Scalars:scalars" in row:
            found[path_of(row.entity)] += map(_bits, row.cell("Scalars:scalars").as_py())
    for path, wanted in expected.numbers.items():
        assert not [one for one in wanted if one not in found[path]], path
    assert (panels.wandb.exit_code, panels.story["status"]) == (0, "finished")
