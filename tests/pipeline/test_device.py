"""Numbers on an accelerator: one transfer a call, nobody waits, and all is read as it was logged.

On a machine without one the same code runs with the streams and events of `torch.cpu`.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch

from tests.support.pipe import Pipe
from tests.support.threads import run_all
from triptych.pipeline.device import DeviceNumbers
from triptych.sinks.memory import MemorySink
from triptych.visuals import Image
from triptych.visuals.devices import fetch, stage

_STAMP = (1, 7, 1e9)

with_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


class _Event(torch.cpu.Event):
    """An event that the test lets happen."""

    made: list[_Event]

    def __init__(self) -> None:
        self.happened = False
        self.error: RuntimeError | None = None
        self.made.append(self)

    def query(self) -> bool:
        if self.error is not None:
            raise self.error
        return self.happened


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[_Event]:
    """Two for each transfer: the numbers are ready, and they have arrived."""
    _Event.made = []
    monkeypatch.setattr(torch.cpu, "Event", _Event)
    return _Event.made


def test_numbers_keep_their_stamp_and_their_value() -> None:
    """The copy is made when they are logged: what training writes later does not show."""
    numbers = DeviceNumbers()
    loss = torch.tensor(0.5, dtype=torch.bfloat16)
    numbers.add({"loss": loss, "count": torch.tensor([3])}, _STAMP)
    loss.fill_(9)
    assert numbers.settle(wait=False) == [(("loss", "count"), [0.5, 3.0], _STAMP)]
    assert numbers.settle(wait=True) == []


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.int64, torch.bool])
def test_numbers_of_one_call_are_one_transfer_whatever_their_dtype(
    events: list[_Event], dtype: torch.dtype
) -> None:
    """Alone or mixed with others, with and without a gradient."""
    numbers = DeviceNumbers()
    tensors: dict[str, Any] = {str(n): torch.tensor([[n]]).to(dtype) for n in (0, 1)}
    numbers.add(tensors, _STAMP)
    numbers.add({**tensors, "loss": torch.tensor(0.25, requires_grad=True) * 1}, _STAMP)
    assert len(events) == 4
    for event in events:
        event.happened = True
    assert [values for _, values, _ in numbers.settle(wait=False)] == [[0, 1], [0, 1, 0.25]]


def test_numbers_are_read_when_their_event_has_happened_and_in_their_order(
    events: list[_Event],
) -> None:
    """Not before, however often a worker asks."""
    numbers = DeviceNumbers()
    for step in (1, 2):
        numbers.add({"loss": torch.tensor(float(step))}, (0, step, 0.0))
    first, second = events[1], events[3]
    assert numbers.settle(wait=False) == []
    second.happened = True
    assert numbers.settle(wait=False) == []
    first.happened = True
    assert [values for _, values, _ in numbers.settle(wait=False)] == [[1.0], [2.0]]


def test_device_that_hangs_holds_up_a_flush_for_a_moment_only(
    events: list[_Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything else must still get out."""
    monkeypatch.setattr("triptych.pipeline.device._PATIENCE", 0.05)
    numbers = DeviceNumbers()
    numbers.add({"loss": torch.tensor(1.0)}, _STAMP)
    began = time.monotonic()
    assert numbers.settle(wait=True) == []
    assert 0.05 <= time.monotonic() - began < 1
    events[1].happened = True
    assert len(numbers.settle(wait=True)) == 1


def test_numbers_lost_to_a_device_error_are_counted_and_told_once(
    events: list[_Event], caplog: pytest.LogCaptureFixture
) -> None:
    """The worker goes on, with the traceback of the training for one."""
    lost: Counter[str] = Counter()
    numbers = DeviceNumbers(lost)
    for step in (1, 2, 3):
        numbers.add({"loss": torch.tensor(1.0), "acc": torch.tensor(1.0)}, (0, step, 0.0))
    for event in events[1:5:2]:
        event.error = RuntimeError("CUDA error: device-side assert triggered")
    events[5].happened = True
    assert numbers.settle(wait=False) == [(("loss", "acc"), [1.0, 1.0], (0, 3, 0.0))]
    assert lost == {"loss": 2, "acc": 2}
    (told,) = [one.getMessage() for one in caplog.records]
    assert told.startswith("Numbers of step 1 could not be read from their device: CUDA error")


def test_threads_that_log_at_once_do_not_share_memory() -> None:
    """More numbers than a piece of pinned memory holds, from four threads."""
    numbers = DeviceNumbers()

    def log(thread: int) -> None:
        for count in range(1500):
            numbers.add({"a": torch.tensor(thread), "b": torch.tensor(count)}, (0, count, 0.0))

    run_all(*(lambda thread=thread: log(thread) for thread in range(4)))
    rows = [tuple(values) for _, values, _ in numbers.settle(wait=True)]
    assert sorted(rows) == [(thread, count) for thread in range(4) for count in range(1500)]


def test_staged_tensor_is_a_copy_that_a_worker_fetches() -> None:
    """As pictures on a device are."""
    tensor = torch.ones(2, 3, requires_grad=True)
    staged = stage(tensor)
    with torch.no_grad():
        tensor.zero_()
    assert fetch(staged).tolist() == [[1.0] * 3] * 2
    assert not staged.requires_grad


@with_gpu
def test_logging_from_a_gpu_waits_for_nothing_and_reads_what_was_logged() -> None:
    """While the device is busy, numbers and pictures are logged and overwritten at once."""
    sink = MemorySink()
    with Pipe(sink) as pipe:
        loss = torch.zeros((), device="cuda")
        picture = torch.zeros(3, 64, 64, device="cuda")
        pipe.log({"loss": loss, "acc": loss, "picture": Image(picture)})  # pinned memory, streams
        torch.cuda.synchronize()
        torch.cuda._sleep(200_000_000)  # type: ignore[no-untyped-call]  # a tenth of a second
        torch.cuda.set_sync_debug_mode("error")
        try:
            began = time.perf_counter()
            for step in range(1, 11):
                pipe.clock.advance()
                loss.fill_(step)
                picture.fill_(step / 10)
                pipe.log({"loss": loss, "acc": loss, "picture": Image(picture)})
            took = time.perf_counter() - began
            assert not torch.cuda.current_stream().query()  # still busy: we have not waited
        finally:
            torch.cuda.set_sync_debug_mode("default")
    assert took < 0.05
    assert sink.numbers["loss"] == [(step, float(step)) for step in range(11)]
    pictures = [one.value for one in sink.records if isinstance(one.value, Image)]
    shown = [int(one.to_uint8()[0, 0, 0]) for one in pictures]
    assert shown == [int(np.float32(step / 10) * 255 + 0.5) for step in range(11)]
