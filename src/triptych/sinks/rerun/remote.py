"""`RemoteSink`: sends to one viewer at an address, and again when it comes back."""

from __future__ import annotations

import logging
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from triptych.pipeline.records import Batch, Failure, RunInfo, Status
from triptych.sinks.rerun.sink import RerunSink

if TYPE_CHECKING:
    from triptych.pipeline.totals import Totals

log = logging.getLogger("triptych")

_KEPT = 64 * 2**20  # bytes that are sent once more to a viewer that has come back
_UNCHECKED = 16 * 2**20  # bytes that may be on their way unconfirmed; Rerun blocks at 260 MB (0.41)
_INTERVAL = 0.2  # seconds between two looks at the connection
_ANSWER = 5.0  # seconds that a viewer has to take in what was sent
_GLANCE = 0.2  # seconds for one that has missed that


class RemoteSink:
    """Sends everything to one viewer, which may come late, freeze, go, and come back.

    Rerun's connection never comes back by itself, drops in silence what it is given meanwhile, and
    blocks for ever on a viewer that hangs (0.41). So each connection is a `RerunSink` of its own,
    under the same ids; it is looked at five times a second, and given nothing while the viewer does
    not answer. A viewer that comes back gets the settings and the dashboard, then the newest 64 MiB
    of numbers, pictures and words; the recording has everything.

    What is logged while no viewer answers is counted as lost, though some of it is shown later.

    Args:
        address: Of the viewer, such as "rerun+http://127.0.0.1:9876/proxy".
    """

    name = "live"
    family = "rerun"
    longest_pause = 5.0

    def __init__(self, address: str) -> None:
        self.hint = ""
        self._address = address
        self._sink: RerunSink | None = None
        self._stalled = False
        self._recent: deque[Batch] = deque()
        self._bytes = 0
        self._unsent = 0  # how many of the newest have not been sent on this connection
        self._unchecked = 0
        self._checked_at = 0.0

    def open(self, info: RunInfo) -> None:
        """Connect; a viewer that is not there yet may come later."""
        self._info = info
        try:
            self._connect()
        except ConnectionError as why:
            log.warning("%s. This run is shown there once one does.", why)

    def write(self, batch: Batch) -> None:
        """Send a batch, and before it whatever the viewer has missed.

        Raises:
            ConnectionError: If no viewer answers.
        """
        self._remember(batch)
        sink = self._sink or self._connect()
        if self._stalled or self._due():
            self._check(sink)
        while self._unsent > 1:
            self._send(sink, again=True)
        self._send(sink)
        if self._due():
            self._check(sink)

    def flush(self, deadline: float) -> None:
        """Wait until the viewer has taken in what was sent, five seconds at most.

        Raises:
            ConnectionError: If it does not, or is not there.
        """
        sink = self._sink or self._connect()
        self._check(sink, patience=min(_ANSWER, deadline - time.monotonic()))

    def sum_up(self, totals: Totals) -> None:
        """Write down what became of everything, for a viewer that listens."""
        if self._sink is not None and not self._stalled:
            self._sink.sum_up(totals)

    def close(self, status: Status, error: Failure | None, deadline: float) -> None:
        """Say how the run ended, to a viewer that listens.

        Raises:
            TimeoutError: If it hangs.
        """
        if self._sink is not None:
            patience = _GLANCE if self._stalled else _ANSWER
            self._sink.close(status, error, min(deadline, time.monotonic() + patience))

    def abandon(self) -> None:
        """Leave a connection that hangs behind."""
        if self._sink is not None:
            self._sink.abandon()

    def next_attempt(self, info: RunInfo, deadline: float) -> None:
        """Close this recording in the viewer and begin that of the next attempt."""
        with suppress(TimeoutError):
            self.close(Status.INTERRUPTED, None, deadline)
        self._sink = None
        self._recent.clear()
        self._bytes = self._unsent = 0
        self.open(info)

    # ---- the connection

    def _connect(self) -> RerunSink:
        sink = RerunSink(live=self._address)
        try:
            sink.open(self._info)
        except (OSError, RuntimeError) as why:
            sink.let_go(time.monotonic() + _ANSWER)
            raise ConnectionError(f"No viewer answers at {self._address}: {why}") from why
        self._sink, self._stalled, self._unsent = sink, False, len(self._recent)
        return sink

    def _due(self) -> bool:
        late = time.monotonic() > self._checked_at + _INTERVAL
        return self._unchecked > _UNCHECKED or (self._unchecked > 0 and late)

    def _check(self, sink: RerunSink, patience: float | None = None) -> None:
        """See whether the viewer takes in what it is sent.

        Raises:
            ConnectionError: It does not at present, or it is gone.
        """
        try:
            sink.flush(time.monotonic() + (_GLANCE if self._stalled else patience or _ANSWER))
        except RuntimeError as why:
            self._stalled = "timed out" in str(why)
            if self._stalled:
                raise ConnectionError(f"The viewer at {self._address} does not respond") from why
            sink.let_go(time.monotonic() + _ANSWER)
            self._sink = None
            raise ConnectionError(
                f"The viewer at {self._address} is gone ({why}); what it misses is sent when it "
                f"is back"
            ) from why
        self._stalled, self._unchecked, self._checked_at = False, 0, time.monotonic()

    # ---- what is sent

    def _remember(self, batch: Batch) -> None:
        self._recent.append(batch)
        self._bytes += _size(batch)
        self._unsent += 1
        while self._bytes > _KEPT and len(self._recent) > 1:
            self._bytes -= _size(self._recent.popleft())
        self._unsent = min(self._unsent, len(self._recent))

    def _send(self, sink: RerunSink, *, again: bool = False) -> None:
        batch = self._recent[-self._unsent]
        self._unsent -= 1
        self._unchecked += _size(batch)
        try:
            sink.write(batch)
        except Exception:
            if not again:  # what was wrong with an earlier one was told then
                raise


def _size(batch: Batch) -> int:
    numbers = sum(block.values.nbytes + block.times.nbytes * 3 for block in batch.columns)
    return int(numbers) + sum(_nbytes(record.value) for record in batch.records)


def _nbytes(value: Any) -> int:
    return int(value.nbytes)
