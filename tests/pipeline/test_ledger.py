"""The ledger: rows go in whole and in order, and leave memory when they have been read."""

from __future__ import annotations

import gc
import math
from itertools import pairwise

import numpy as np
import pytest

from tests.support.faults import Fault
from tests.support.threads import run_all
from triptych.pipeline import journal
from triptych.pipeline.blocks import Block
from triptych.pipeline.clock import StepClock
from triptych.pipeline.ledger import Ledger, Reader

Rows = list[tuple[str, int, float]]

_ROW = 6 * 8  # bytes of a row of one number
_BLOCK = 4096 * _ROW


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_ROWS_BYTES", _BLOCK)


def _read(reader: Reader) -> Rows:
    """Path, step and value of everything there is."""
    rows: Rows = []
    while found := reader.read():
        for block in found:
            for path, column in zip(block.paths, block.values.T, strict=True):
                values = zip(block.steps.tolist(), column.tolist(), strict=True)
                rows += [(path, step, value) for step, value in values]
    return rows


def _declared(*paths: str) -> tuple[Ledger, StepClock]:
    ledger = Ledger()
    for path in paths:
        ledger.layout((path,), (path,))
    return ledger, StepClock()


def test_rows_of_one_thread_arrive_in_order() -> None:
    """With step, epoch, phase and time of the moment they were logged."""
    ledger, clock = _declared("a")
    clock.enter(epoch=2, phase="val")
    for value in range(5):
        clock.advance()
        assert ledger.append({"a": value}, clock)
    (columns,) = ledger.reader(clock).read()
    assert columns.paths == ("a",)
    assert columns.steps.tolist() == [1, 2, 3, 4, 5]
    assert columns.values.tolist() == [[0.0], [1.0], [2.0], [3.0], [4.0]]
    assert columns.epochs.tolist() == [2] * 5
    assert columns.phases == ("val",) * 5
    assert columns.logged == 5
    assert all(a <= b for a, b in pairwise(columns.times.tolist()))
    dtypes = [array.dtype for array in (columns.steps, columns.epochs, columns.times)]
    assert dtypes == [np.int64, np.int64, np.float64]


def test_row_of_several_paths_stays_one_row() -> None:
    """And one outside epochs has the epoch -1."""
    ledger, clock = Ledger(), StepClock()
    ledger.layout(("/x", "y"), ("x", "y"))
    assert ledger.append({"/x": 1, "y": True}, clock)
    (columns,) = ledger.reader(clock).read()
    assert (columns.paths, columns.values.tolist()) == (("x", "y"), [[1.0, 1.0]])
    assert columns.epochs.tolist() == [-1]


def test_mixed_layouts_keep_the_order_of_each_path() -> None:
    """Rows under other names may lie between."""
    ledger, clock = Ledger(), StepClock()
    ledger.layout(("a",), ("a",))
    ledger.layout(("b", "c"), ("b", "c"))
    for step in range(100):
        clock.restore(step)
        ledger.append({"a": step}, clock)
        if step % 3 == 0:
            ledger.append({"b": -step, "c": step / 2}, clock)
    rows = _read(ledger.reader(clock))
    assert [row for row in rows if row[0] == "a"] == [("a", n, float(n)) for n in range(100)]
    thirds = range(0, 100, 3)
    assert [row for row in rows if row[0] == "b"] == [("b", n, float(-n)) for n in thirds]
    assert [row for row in rows if row[0] == "c"] == [("c", n, n / 2) for n in thirds]


def test_eight_threads_lose_nothing_while_two_readers_read(fault: Fault) -> None:
    """40,000 rows, over several blocks, in order for each thread and for each reader."""
    threads, count = 8, 5000
    paths = [f"thread-{number}" for number in range(threads)]
    ledger, clock = _declared(*paths)
    readers = [ledger.reader(clock) for _ in range(2)]
    early: list[Rows] = [[], []]

    def write(path: str) -> None:
        for value in range(count):
            assert ledger.append({path: value}, clock)

    def read(index: int) -> None:
        while len(early[index]) < threads * count // 2:
            early[index] += _read(readers[index])

    run_all(
        *[lambda path=path: write(path) for path in paths],
        *[lambda index=index: read(index) for index in range(2)],
    )
    for index, reader in enumerate(readers):
        rows = early[index] + _read(reader)
        for path in paths:
            values = [value for name, _, value in rows if name == path]
            assert values == [float(value) for value in range(count)]
    fault("threads", kept="all, in each thread's order")


def test_rows_cross_blocks_without_a_gap() -> None:
    """Read while they are written; a visit that finds nothing has come to the end."""
    ledger, clock = _declared("a")
    reader = ledger.reader(clock)
    rows: Rows = []
    count = 3 * _BLOCK // _ROW
    for value in range(count):
        ledger.append({"a": value}, clock)
        if value % 1000 == 0:
            rows += _read(reader)
    rows += _read(reader)
    assert rows == [("a", 0, float(value)) for value in range(count)]
    assert not reader.pending


def test_undeclared_names_are_left_to_the_closer_look() -> None:
    """Nothing is appended then."""
    ledger, clock = _declared("a")
    assert not ledger.append({"b": 1.0}, clock)
    assert not ledger.append({"a": 1.0, "b": 1.0}, clock)
    assert _read(ledger.reader(clock)) == []


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, 2**2000, -(2**2000), "1", None, np.float64("nan"), [1.0]],
    ids=repr,
)
def test_values_that_are_no_finite_number_are_left_to_the_closer_look(value: object) -> None:
    """Without a trace in the rows before and after them."""
    ledger, clock = Ledger(), StepClock()
    ledger.layout(("a", "b", "c"), ("a", "b", "c"))
    assert ledger.append({"a": 1, "b": 2, "c": 3}, clock)
    assert not ledger.append({"a": 1, "b": value, "c": 3}, clock)
    assert ledger.append({"a": 4, "b": 5, "c": 6}, clock)
    (columns,) = ledger.reader(clock).read()
    assert columns.values.tolist() == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]


def test_huge_numbers_whose_sum_is_small_are_left_to_the_closer_look() -> None:
    """The test of the sum does not see them; writing does, before anything is written."""
    ledger, clock = Ledger(), StepClock()
    ledger.layout(("a", "b"), ("a", "b"))
    assert not ledger.append({"a": 2**2000, "b": -(2**2000)}, clock)
    assert ledger.append({"a": 1, "b": 2}, clock)
    assert _read(ledger.reader(clock)) == [("a", 0, 1.0), ("b", 0, 2.0)]


def test_finite_numbers_with_an_infinite_sum_are_left_to_the_closer_look() -> None:
    """It finds that they are finite."""
    ledger, clock = Ledger(), StepClock()
    ledger.layout(("a", "b"), ("a", "b"))
    assert not ledger.append({"a": 1.5e308, "b": 1.5e308}, clock)


def test_numbers_keep_all_their_bits(fault: Fault) -> None:
    """From the smallest to the largest, and the sign of zero."""
    values = [5e-324, 1.7976931348623157e308, 0.1, 1 / 3, float(2**53)]
    ledger, clock = _declared("a")
    for value in [*values, -0.0]:
        assert ledger.append({"a": value}, clock)
    rows = [row[2] for row in _read(ledger.reader(clock))]
    assert rows[:-1] == values
    assert math.copysign(1, rows[-1]) == -1
    fault("odd-numbers", kept="all bits")


def test_oldest_blocks_of_a_stuck_reader_are_shed_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The other reader gets everything."""
    monkeypatch.setattr(journal, "_LIMIT", 4 * _BLOCK)
    ledger, clock = _declared("a")
    stuck, healthy = ledger.reader(clock), ledger.reader(clock)
    seen: list[float] = []
    count = 10 * _BLOCK // _ROW + 100
    for value in range(count):
        ledger.append({"a": value}, clock)
        if value % 1000 == 0:
            seen += [row[2] for row in _read(healthy)]
    seen += [row[2] for row in _read(healthy)]
    assert seen == [float(value) for value in range(count)]
    assert healthy.shed() == {}

    rest = [row[2] for row in _read(stuck)]
    assert stuck.shed() == {"a": count - len(rest)}
    assert 2 * _BLOCK // _ROW < len(rest) <= 4 * _BLOCK // _ROW
    assert rest == [float(value) for value in range(count - len(rest), count)]
    assert stuck.shed() == {}  # counted once


def test_memory_is_bounded_when_nobody_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All workers are stuck: the writer itself sheds, without waiting."""
    monkeypatch.setattr(journal, "_LIMIT", 4 * _BLOCK)
    ledger, clock = _declared("a")
    reader = ledger.reader(clock)
    for value in range(20 * _BLOCK // _ROW):
        ledger.append({"a": value}, clock)
        assert len(ledger.journal.rows) <= 4
    rest = len(_read(reader))
    assert rest + reader.shed()["a"] == 20 * _BLOCK // _ROW


def test_row_wider_than_a_block_is_a_row_like_any_other() -> None:
    """It gets a block of its own size."""
    ledger, clock = Ledger(), StepClock()
    names = tuple(f"n{number}" for number in range(_BLOCK // 4))
    ledger.layout(names, names)
    ledger.layout(("a",), ("a",))
    reader = ledger.reader(clock)
    assert ledger.append({"a": 1.0}, clock)
    assert ledger.append(dict.fromkeys(names, 2.0), clock)
    assert ledger.append({"a": 3.0}, clock)
    rows = _read(reader)
    assert rows[:2] == [("a", 0, 1.0), ("a", 0, 3.0)]
    assert rows[2:] == [(name, 0, 2.0) for name in names]


def test_memory_is_let_go_once_all_readers_have_read() -> None:
    """Every block but the one being filled."""

    def blocks() -> int:
        gc.collect()
        return sum(type(one) is Block for one in gc.get_objects())

    elsewhere = blocks()
    ledger, clock = _declared("a")
    readers = [ledger.reader(clock) for _ in range(2)]
    for value in range(3 * _BLOCK // _ROW + 1):
        ledger.append({"a": value}, clock)
    held = [blocks() - elsewhere]
    for reader in readers:
        _read(reader)
        held.append(blocks() - elsewhere)
    assert held == [4, 4, 1]
