"""`DeviceNumbers`: numbers on an accelerator, read once it has got there; nobody waits for it."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

log = logging.getLogger("triptych")

DeviceRow = tuple[tuple[str, ...], list[float], tuple[int, int, float]]
"""Paths, values, and the stamp as context, step and time."""

_PATIENCE = 2.0  # seconds that a flush waits for a device; one that hangs must not hold up the rest
_SLAB = 4096  # numbers in a piece of pinned memory, which is dear to get


@dataclass(frozen=True, slots=True)
class _Row:
    """Numbers on their way.

    Attributes:
        paths: Their names.
        stamp: Context, step and time.
        values: (N,), where they arrive; pinned host memory for CUDA.
        arrived: The event that says so; None where reading waits by itself.
        source: What they are copied from. Held until then, so that its memory is not used again.
    """

    paths: tuple[str, ...]
    stamp: tuple[int, int, float]
    values: Any
    arrived: Any
    source: Any


class DeviceNumbers:
    """Numbers that were logged while still on an accelerator.

    On the training thread `add` gathers those of one call in one tensor, on the stream in use, so
    that overwriting them afterwards does no harm; then one copy goes into pinned memory on a stream
    of ours. It starts that and returns: no synchronisation. What has not arrived when the process
    is killed is lost, since no journal can hold it before. On a worker `settle` reads what has
    arrived. On other accelerators than CUDA (and ROCm, which torch calls the same) the worker
    fetches the tensor. Tested on the CPU; not yet run on a GPU.

    Args:
        lost: Where numbers are counted, by path, that could not be read after a device error.
    """

    def __init__(self, lost: Counter[str] | None = None) -> None:
        self._waiting: deque[_Row] = deque()
        self._lost = Counter[str]() if lost is None else lost
        self._told = False
        self._pinned = _Pinned()

    def add(self, tensors: dict[str, Any], stamp: tuple[int, int, float]) -> None:
        """Remember one row; `stamp` is context, step and time."""
        devices: dict[Any, dict[str, Any]] = {}
        for path, tensor in tensors.items():
            devices.setdefault(tensor.device, {})[path] = tensor
        for device, together in devices.items():
            source = _stack(list(together.values()))
            paths = tuple(together)
            if device.type in ("cuda", "cpu"):
                self._waiting.append(self._send(paths, stamp, source))
            else:
                self._waiting.append(_Row(paths, stamp, source, None, None))

    def _send(self, paths: tuple[str, ...], stamp: tuple[int, int, float], source: Any) -> _Row:
        # torch.cpu has the same names, and does nothing: the tests of any machine come along here
        streams = getattr(sys.modules["torch"], source.device.type)
        from triptych.visuals.devices import side_stream  # loads numpy

        ready, arrived, side = streams.Event(), streams.Event(), side_stream(source.device)
        ready.record(streams.current_stream(source.device))
        side.wait_event(ready)
        values = self._pinned.take(len(paths))
        with streams.stream(side):
            values.copy_(source, non_blocking=True)
            arrived.record(side)
        return _Row(paths, stamp, values, arrived, source)

    def settle(self, *, wait: bool) -> list[DeviceRow]:
        """The rows whose values have arrived, in order; on a worker only.

        Args:
            wait: Wait for the rest too, two seconds at most.
        """
        rows: list[DeviceRow] = []
        deadline = time.monotonic() + _PATIENCE
        while self._waiting:
            row = self._waiting[0]
            try:
                while row.arrived is not None and not row.arrived.query():
                    if not wait or time.monotonic() > deadline:
                        return rows
                    time.sleep(0.0005)
                values = row.values.tolist()
            except RuntimeError as error:  # an assertion on the device, say: nothing there is left
                self._give_up(row, error)
            else:
                rows.append((row.paths, values, row.stamp))
            self._waiting.popleft()
        return rows

    def _give_up(self, row: _Row, error: RuntimeError) -> None:
        self._lost.update(row.paths)
        if not self._told:
            self._told = True
            log.error(
                "Numbers of step %d could not be read from their device: %s", row.stamp[1], error
            )


class _Pinned(threading.local):
    """Page-locked host memory, for each thread its own: into any other kind a copy would wait.

    To get it makes the whole device wait, so it comes in slabs, which torch keeps for the next one
    when the last piece has been let go.
    """

    def __init__(self) -> None:
        self._slab: Any = ()
        self._used = 0

    def take(self, count: int) -> Any:
        """A piece of (count,) float64 that nobody else has."""
        torch = sys.modules["torch"]
        if self._used + count > len(self._slab):
            pinned = torch.cuda.is_available()
            self._slab = torch.empty(max(count, _SLAB), dtype=torch.float64, pin_memory=pinned)
            self._used = 0
        self._used += count
        return self._slab[self._used - count : self._used]


def _stack(tensors: list[Any]) -> Any:
    """One-element tensors of one device as (N,), float64 where the device has it; a copy."""
    torch = sys.modules["torch"]
    precision = torch.float32 if tensors[0].device.type == "mps" else torch.float64
    flat = [tensor.detach().reshape(()) for tensor in tensors]
    if len({tensor.dtype for tensor in flat}) > 1:
        flat = [tensor.to(precision) for tensor in flat]
    return torch.stack(flat).to(precision)
