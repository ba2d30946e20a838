"""`Delivery`: the buffer of one sink and the worker that empties it."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from contextlib import suppress
from importlib import import_module
from queue import Empty, SimpleQueue

from triptych.pipeline.buffer import Buffer
from triptych.pipeline.cadence import Route
from triptych.pipeline.courier import Courier
from triptych.pipeline.ending import Ending
from triptych.pipeline.handover import Handover
from triptych.pipeline.journal import Journal, Keeper
from triptych.pipeline.ledger import Reader
from triptych.pipeline.numbers import Numbers
from triptych.pipeline.records import Batch, Record, RunInfo, Stamp, Status
from triptych.pipeline.totals import NOT_SHOWN, SinkTotals, Totals
from triptych.pipeline.worker import FlushRequest, Worker

log = logging.getLogger("triptych")

_MARGIN = 0.5  # seconds between a sink's deadline and ours, so that it can say what happened


def is_recording(route: Route) -> bool:
    """Whether every number goes to a sink that survives the process."""
    return route.numbers is None and getattr(route.sink, "durable", False)


def keeper_for(route: Route, reader: Reader | None, journal: Journal) -> Keeper | None:
    """The part of a route in the journal, if what its sink has flushed survives the process."""
    if not getattr(route.sink, "durable", False):
        return None
    return journal.keeper(reader if is_recording(route) else None)


class Delivery:
    """Carries records to one sink on a daemon thread of its own.

    A sink that is slow, hangs or raises holds up nobody: not the training thread, not another
    sink, not the exit of the process. Words, events and errors are kept while memory lasts;
    visuals are bounded by bytes, and the oldest go first.

    Args:
        route: The sink and how often it wants what.
        reader: The sink's place among the numbers, or None if it wants none.
        poll: Seconds between two looks at the buffer. Nobody wakes the worker for an item:
            waking costs the training thread more than logging does.
        limit: Bytes of visuals that may wait.
        keeper: What is told when the sink has handed things to the disk; None for a sink after
            whose death nothing is left.
        gather: Seconds for which numbers wait at least, so that few large portions reach the sink.
    """

    def __init__(
        self,
        route: Route,
        reader: Reader | None,
        *,
        poll: float = 0.2,
        limit: int = 256 * 2**20,
        keeper: Keeper | None = None,
        gather: float = 0.0,
    ) -> None:
        self.sink = route.sink
        self.spent = 0.0  # processor time of the worker, seconds
        self._handover = Handover(self.sink)
        self.totals = self._handover.totals
        self.buffer = Buffer(self.sink.name, self.totals, limit)
        self.numbers = Numbers(route, reader, self.totals, gather)
        self._works = True  # unless no thread can be started
        self._keeper = keeper
        self._gate = route.visuals.gate() if route.visuals else None
        self._wants_visuals = route.visuals is not False
        self._poll = poll
        self._courier = Courier(self.sink, self.numbers, self.buffer, self._handover, keeper, poll)
        self._put = 0
        self._requests: deque[FlushRequest] = deque()
        self._wake: SimpleQueue[None] = (
            SimpleQueue()
        )  # in C: an Event takes 0.1 ms beside a training
        self._opened = threading.Event()
        self._ending: Ending | None = None
        self._last: tuple[Record, Delivery] | None = None
        self._closed = threading.Event()
        self._thread = Worker(self.sink.name, self._work, self._interrupt)

    def __repr__(self) -> str:
        return f"<Delivery(to={self.sink.name!r}, totals={self.totals})>"

    # ---- the calling thread

    def start(self, info: RunInfo) -> None:
        """Start the worker, which opens the sink."""
        self._info = info
        try:
            self._thread.start()
        except RuntimeError as error:  # the system has no thread left, or no memory for one
            self._works = False
            self._stay_out(error)

    def _stay_out(self, error: BaseException) -> None:
        self._handover.give_up(error, "not open", "could not be opened and stays out of this run")
        self._opened.set()

    def wait_open(self, timeout: float) -> bool:
        """Wait until the sink is open or has failed to open; False when it takes longer."""
        return self._opened.wait(timeout)

    @property
    def family(self) -> str:
        """Whose own values, such as `rerun` archetypes, the sink takes as they are."""
        return getattr(self.sink, "family", self.sink.name)

    @property
    def durable(self) -> bool:
        """Whether what the sink has flushed survives the process: it is the recording."""
        return getattr(self.sink, "durable", False)

    @property
    def takes_files(self) -> bool:
        """Whether the sink does something with an `Upload`."""
        return getattr(self.sink, "takes_files", False)

    @property
    def speaks(self) -> bool:
        """Whether the sink shows lines that sinks and their SDKs log."""
        return getattr(self.sink, "takes_local_words", False)

    @property
    def problem(self) -> BaseException | None:
        """What kept the sink from opening, from going on or from closing."""
        return self._handover.problem

    def due(self, path: str, stamp: Stamp) -> bool:
        """Whether a visual at this path is wanted now."""
        return self._wants_visuals and (self._gate is None or self._gate.due(path, stamp))

    def put(self, record: Record) -> None:
        """Hand over a record. Called with the run's lock held, under which nobody waits."""
        self._put += 1
        if not self._works:  # nobody will take it
            self.totals.lose("not open", record.path)
            return
        self.buffer.put(record)

    def put_last(self, record: Record, *, after: Delivery) -> None:
        """Hand over a record when another sink is closed; before `begin_close`."""
        self._last = record, after

    def begin_flush(self, deadline: float) -> FlushRequest:
        """Ask the worker to hand over all that was accepted so far."""
        return self._ask(FlushRequest(deadline))

    def begin_attempt(self, info: RunInfo, deadline: float) -> FlushRequest:
        """As `begin_flush`; then the sink, if it tells attempts apart, begins the next one."""
        return self._ask(FlushRequest(deadline, info))

    def _ask(self, request: FlushRequest) -> FlushRequest:
        if self._works:
            self._requests.append(request)
            self._wake.put(None)
        else:
            request.answer(arrived=False)
        return request

    def takes_local(self, record: Record) -> bool:
        """Whether a line that a sink or its SDK has logged may come here.

        Not one that this very worker has logged, a handler of the user's that speaks, say: it would
        make the next one, for ever. Our own lines may, each kind is told once.
        """
        if (
            threading.current_thread() is self._thread
            and record.path.rpartition("/")[2] != log.name
        ):
            return False
        return self.speaks

    def skip(self, path: str, reason: str = NOT_SHOWN) -> None:
        """Count a value that this sink has no way to show, or that it is not to have."""
        self._put += 1
        self.totals.lose(reason, path)

    def begin_close(self, ending: Ending) -> None:
        """Ask the worker to deliver what is left and to close the sink."""
        self._courier.closing = True
        self._ending = ending
        self._wake.put(None)
        if not self._works:
            self._courier.abandon()
            self._closed.set()

    def _interrupt(self, deadline: float) -> None:
        self.begin_close(Ending(Status.INTERRUPTED, None, deadline))

    def wait_closed(self, deadline: float) -> bool:
        """Wait for that; True if everything accepted has arrived.

        A worker that misses the deadline is left behind: it is a daemon and holds up no exit.
        """
        if not self._closed.wait(max(0.0, deadline - time.monotonic())):
            self._let_go()
            self._leave_behind()
        return self._whole and not self.totals.missing

    @property
    def recoverable(self) -> bool:
        """Whether the journal may hold what a durable sink should have, and has not."""
        return self._keeper is not None and (self._handover.owes or not self._whole)

    @property
    def _whole(self) -> bool:
        """Whether the sink has come to a good end with all that it was handed."""
        return self._closed.is_set() and self.problem is None and self._courier.flushed

    def _let_go(self) -> None:
        abandon = getattr(self.sink, "abandon", None)
        if abandon is not None:
            try:
                abandon()
            except Exception as error:  # noqa: BLE001
                self._handover.tell(error, "could not be left behind")

    def _leave_behind(self) -> None:
        """Count as unsent what the worker has in hand, and what waits for it."""
        self._handover.refuse()
        if not self._closed.wait(_MARGIN):  # it is not just late, it hangs
            self._handover.leave(
                lambda: (*self.numbers.leave(), *self.buffer.vital, *self.buffer.visuals)
            )

    def snapshot(self) -> SinkTotals:
        """The totals so far; numbers count from the moment the worker has read them."""
        shed = {reason: Counter(paths) for reason, paths in list(self.totals.shed.items())}
        return SinkTotals(self.numbers.count + self._put, self.totals.delivered, shed)

    # ---- the worker

    def _work(self) -> None:
        try:
            # Readers decode with it. Loaded while Python ends after a Ctrl-C, it would make Python
            # forget that it was one, and exit with 1 (3.11).
            import_module("numpy")
            self.sink.open(self._info)
        except BaseException as error:  # noqa: BLE001  # whatever a sink does, training goes on
            self._stay_out(error)
        self.spent = time.thread_time()  # imports are not what logging takes
        self._opened.set()
        while self._ending is None:
            self.spent = time.thread_time()
            with suppress(Empty):
                self._wake.get(timeout=0.002 if self._courier.backlog else self._poll)
            try:
                self._visit()
            except Exception as error:  # noqa: BLE001  # a fault of ours must not pass for success
                self._handover.give_up(error, "error", "is given up")
        try:
            self._end(self._ending)
        finally:
            self._closed.set()
            while self._requests:
                self._requests.popleft().answer(arrived=not self.totals.missing)

    def _end(self, ending: Ending) -> None:
        deadline = ending.deadline
        try:
            # A third of the time is the sink's own: a file needs its end more than one picture more
            self._courier.drain(deadline - max(0.0, deadline - time.monotonic()) / 3)
        except Exception as error:  # noqa: BLE001  # ours again
            self._handover.give_up(error, "error", "is given up")
        opened = self._handover.refuses != "not open"
        self._courier.abandon()
        totals = ending.totals()
        if not opened:
            return
        if totals is not None:
            self._sum_up(totals)
        self._write_last(deadline - _MARGIN)
        try:
            self.sink.close(ending.status, ending.failure, deadline - _MARGIN)
        except BaseException as problem:  # noqa: BLE001
            self._handover.problem = problem
            self._handover.tell(problem, "could not be closed")

    def _sum_up(self, totals: Totals) -> None:
        sum_up = getattr(self.sink, "sum_up", None)
        if sum_up is not None:
            try:
                sum_up(totals)
            except BaseException as error:  # noqa: BLE001
                self._handover.tell(error, "could not write down what became of everything")

    def _write_last(self, deadline: float) -> None:
        if self._last is None:
            return
        record, other = self._last
        self._put += 1
        reason: str | None = "unsent"
        if other._closed.wait(max(0.0, deadline - time.monotonic())):  # noqa: SLF001  # one of us
            reason = self._handover.attempt(Batch(records=(record,)))
        if reason is None:
            self.totals.delivered += 1
        else:
            self.totals.lose(reason, record.path)

    def _visit(self) -> None:
        waiting = list(self._requests)
        if not waiting:
            self._courier.deliver(now=time.time())
            return
        deadline = max(request.deadline for request in waiting)
        arrived = self._courier.drain(deadline)
        for request in waiting:
            self._requests.popleft()
            if request.next_attempt is not None and self._handover.refuses is None:
                self._begin_attempt(request.next_attempt, request.deadline)
            request.answer(arrived=arrived)

    def _begin_attempt(self, info: RunInfo, deadline: float) -> None:
        next_attempt = getattr(self.sink, "next_attempt", None)
        if next_attempt is not None:
            try:
                next_attempt(info, deadline)
            except BaseException as error:  # noqa: BLE001
                self._handover.give_up(error, "not open", "could not begin the next attempt")
