"""`Delivery`: the buffer of one sink and the worker that empties it."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from importlib import import_module

from triptych.pipeline.breaker import LONGEST_PAUSE, Breaker
from triptych.pipeline.buffer import Buffer
from triptych.pipeline.cadence import Every, Route
from triptych.pipeline.ending import Ending
from triptych.pipeline.journal import Journal, Keeper
from triptych.pipeline.ledger import Reader
from triptych.pipeline.portions import Portions
from triptych.pipeline.records import Batch, Columns, Record, RunInfo, Stamp, Status
from triptych.pipeline.room import Room
from triptych.pipeline.samples import Samples
from triptych.pipeline.sink import NotKept, NotShown
from triptych.pipeline.totals import NOT_SHOWN, SinkTotals, Totals
from triptych.pipeline.windows import Windows
from triptych.pipeline.worker import FlushRequest, Worker

log = logging.getLogger("triptych")

_FLUSH = 2.0  # seconds that a sink may take to hand what it has to the disk
_MARGIN = 0.5  # seconds between a sink's deadline and ours, so that it can say what happened


def _place(row: Columns) -> tuple[int, int, str]:
    """Step, epoch and phase of a row."""
    return int(row.steps[0]), int(row.epochs[0]), row.phases[0]


def _thinning(every: Every) -> Windows | Samples:
    return Samples(every) if every.keep == "first" else Windows(every)


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
        self.totals = SinkTotals()
        self.buffer = Buffer(self.sink.name, self.totals, limit)
        self.latest: dict[str, tuple[float, float]] = {}  # when, value
        self.before_read: Callable[[bool], None] = lambda _wait: None
        self.listeners: list[Callable[[list[Columns]], None]] = []  # to all numbers; on the worker
        self.spent = 0.0  # processor time of the worker, seconds
        self.problem: BaseException | None = None  # what kept the sink from opening or closing
        self._refuses: str | None = None  # why nothing more is handed to the sink
        self._owes = False  # whether the sink lacks something that the journal has
        self._room = Room(self.sink.name)
        self._works = True  # unless no thread can be started
        self._in_hand: dict[int, Columns | Record] = {}  # taken by the worker, not counted yet
        self._left = False  # behind, because it hangs; what it had in hand is counted
        self._counting = threading.Lock()  # between a worker and whoever leaves it behind
        self._reader = reader
        self._keeper = keeper
        self._thinning: Windows | Samples | Portions | None = None
        if route.numbers:
            self._thinning = _thinning(route.numbers)
        elif gather:
            self._thinning = Portions()
        self._gate = route.visuals.gate() if route.visuals else None
        self._wants_visuals = route.visuals is not False
        self._poll = poll
        self._gather = gather
        self._gathered = 0.0  # when numbers were last read
        self._put = 0
        self._numbers = 0
        self._backlog = False
        self._requests: deque[FlushRequest] = deque()
        self._wake = threading.Event()
        self._opened = threading.Event()
        self._ending: Ending | None = None
        self._last: tuple[Record, Delivery] | None = None
        self._closed = threading.Event()
        self._breaker = Breaker(getattr(self.sink, "longest_pause", LONGEST_PAUSE))
        self._flushed = True  # the last time
        self._lost_before = 0  # what earlier flushes have answered for
        self._told: set[type[BaseException]] = set()
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
        self.problem, self._refuses = error, "not open"
        self._tell(error, "could not be opened and stays out of this run")
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
    def reads(self) -> bool:
        """Whether the sink wants numbers."""
        return self._reader is not None

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
            self._wake.set()
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

    def stretch(self, factor: int) -> None:
        """Let the windows of numbers that are thinned last so many times as long."""
        if isinstance(self._thinning, Windows):
            self._thinning.stretch = factor

    def begin_close(self, ending: Ending) -> None:
        """Ask the worker to deliver what is left and to close the sink."""
        self._ending = ending
        self._wake.set()
        if not self._works:
            self._abandon()
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
        return self._keeper is not None and (self._owes or not self._whole)

    @property
    def _whole(self) -> bool:
        """Whether the sink has come to a good end with all that it was handed."""
        return self._closed.is_set() and self.problem is None and self._flushed

    def _let_go(self) -> None:
        abandon = getattr(self.sink, "abandon", None)
        if abandon is not None:
            try:
                abandon()
            except Exception as error:  # noqa: BLE001
                self._tell(error, "could not be left behind")

    def _leave_behind(self) -> None:
        """Count as unsent what the worker has in hand, and what waits for it."""
        self._refuses = self._refuses or "unsent"
        if self._closed.wait(_MARGIN):  # it was late, but did not hang
            return
        with self._counting:
            rest: list[Columns] = []
            while found := self._take_numbers():
                rest += found
            self._left = True
            if self._thinning:
                rest = self._thinning.feed(rest, None)
            held = [*self._in_hand.values(), *rest, *self.buffer.vital, *self.buffer.visuals]
            columns = tuple(one for one in held if isinstance(one, Columns))
            records = tuple(one for one in held if isinstance(one, Record))
            self._lose(Batch(columns, records), "unsent")

    def snapshot(self) -> SinkTotals:
        """The totals so far; numbers count from the moment the worker has read them."""
        shed = {reason: Counter(paths) for reason, paths in list(self.totals.shed.items())}
        return SinkTotals(self._numbers + self._put, self.totals.delivered, shed)

    # ---- the worker

    def _work(self) -> None:
        try:
            # Readers decode with it. Loaded while Python ends after a Ctrl-C, it would make Python
            # forget that it was one, and exit with 1 (3.11).
            import_module("numpy")
            self.sink.open(self._info)
        except BaseException as error:  # noqa: BLE001  # whatever a sink does, training goes on
            self._stay_out(error)
        self._opened.set()
        while self._ending is None:
            self.spent = time.thread_time()
            self._wake.wait(0.002 if self._backlog else self._poll)
            self._wake.clear()
            try:
                self._visit()
            except Exception as error:  # noqa: BLE001  # a fault of ours must not pass for success
                self.problem, self._refuses = error, "error"
                self._tell(error, "is given up")
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
            self._drain(deadline - max(0.0, deadline - time.monotonic()) / 3)
        except Exception as error:  # noqa: BLE001  # ours again
            self.problem, self._refuses = error, "error"
            self._tell(error, "is given up")
        opened = self._refuses != "not open"
        self._abandon()
        totals = ending.totals()
        if not opened:
            return
        if totals is not None:
            self._sum_up(totals)
        self._write_last(deadline - _MARGIN)
        try:
            self.sink.close(ending.status, ending.failure, deadline - _MARGIN)
        except BaseException as problem:  # noqa: BLE001
            self.problem = problem
            self._tell(problem, "could not be closed")

    def _abandon(self) -> None:
        """Count what is still there as unsent: the sink is given nothing any more."""
        self._refuses = self._refuses or "unsent"
        self._breaker.try_now()
        while self._deliver(now=None):
            pass

    def _sum_up(self, totals: Totals) -> None:
        sum_up = getattr(self.sink, "sum_up", None)
        if sum_up is not None:
            try:
                sum_up(totals)
            except BaseException as error:  # noqa: BLE001
                self._tell(error, "could not write down what became of everything")

    def _write_last(self, deadline: float) -> None:
        if self._last is None:
            return
        record, other = self._last
        self._put += 1
        reason: str | None = "unsent"
        if other._closed.wait(max(0.0, deadline - time.monotonic())):  # noqa: SLF001  # one of us
            reason = self._write(Batch(records=(record,)))
        if reason is None:
            self.totals.delivered += 1
        else:
            self.totals.lose(reason, record.path)

    def _visit(self) -> None:
        waiting = list(self._requests)
        if not waiting:
            self._deliver(now=time.time())
            return
        deadline = max(request.deadline for request in waiting)
        arrived = self._drain(deadline)
        for request in waiting:
            self._requests.popleft()
            if request.next_attempt is not None and self._refuses is None:
                self._begin_attempt(request.next_attempt, request.deadline)
            request.answer(arrived=arrived)

    def _begin_attempt(self, info: RunInfo, deadline: float) -> None:
        next_attempt = getattr(self.sink, "next_attempt", None)
        if next_attempt is not None:
            try:
                next_attempt(info, deadline)
            except BaseException as error:  # noqa: BLE001
                self.problem, self._refuses = error, "not open"
                self._tell(error, "could not begin the next attempt")

    def _drain(self, deadline: float) -> bool:
        """Deliver until nothing is left, windows included, then flush the sink.

        Returns:
            Whether all that was accepted since the last flush has arrived.
        """
        self._breaker.try_now()
        while self._deliver(now=None):
            if time.monotonic() > deadline:
                return False
        if self._refuses is None:
            try:
                self.sink.flush(deadline)
            except BaseException as error:  # noqa: BLE001
                self._flushed = False
                self._tell(error, "could not be flushed")
                return False
            self._flushed = True
        missing = self.totals.missing
        lost, self._lost_before = missing - self._lost_before, missing
        return self._refuses is None and not lost and not self._room.full

    def _deliver(self, now: float | None) -> bool:
        """Hand over what waits; False when there was nothing. `now` is None in a flush."""
        if self._refuses is None and (self._breaker.open or not self._has_room()):
            self._backlog = False
            return False
        if self._keeper is not None:
            self._keeper.begin()
        blocks = self._read_numbers(wait=now is None)
        if self._thinning:
            blocks = self._thinning.feed(blocks, now)
        self._in_hand.update((id(block), block) for block in blocks)
        taken = 0
        if isinstance(self._thinning, Samples):  # for somebody who reads along: in order of time
            taken += self._hand_over_in_order(blocks)
        elif blocks:
            self._hand_over(Batch(columns=tuple(blocks)))
        for waiting in (self.buffer.vital, self.buffer.visuals):
            taken += self._hand_over_records(waiting)
        self._backlog = bool((self._reader is not None and self._reader.pending) or self.buffer)
        self._hand_to_disk()
        return bool(blocks or taken or self._backlog)

    def _has_room(self) -> bool:
        place = getattr(self.sink, "place", None)
        return self._room.look(place, at_end=self._ending is not None)

    def _hand_to_disk(self) -> None:
        """Let the journal go of what the sink has, once that is worth a flush."""
        if self._keeper is None or self._refuses or self.buffer.vital or not self._keeper.waits:
            return
        if isinstance(self._thinning, Portions) and self._thinning.holds:
            return
        if self._owes:  # it would let go of what was lost, too
            return
        try:
            self.sink.flush(time.monotonic() + _FLUSH)
        except BaseException as error:  # noqa: BLE001
            self._tell(error, "could not be flushed")
        else:
            self._keeper.settle()

    def _hand_over_in_order(self, rows: list[Columns]) -> int:
        """Rows of one step together, and the words said before each of them; how many words."""
        taken = 0
        together: list[Columns] = []
        for row in rows:
            when = float(row.times[0])
            spoken = bool(self.buffer.vital) and self.buffer.vital[0].stamp.time < when
            if together and (spoken or _place(row) != _place(together[0])):
                self._hand_over(Batch(columns=tuple(together)))
                together = []
            taken += self._hand_over_records(self.buffer.vital, before=when)
            together.append(row)
        if together:
            self._hand_over(Batch(columns=tuple(together)))
        return taken

    def _hand_over_records(self, waiting: deque[Record], before: float = math.inf) -> int:
        """Hand over records, those stamped before a moment; say how many."""
        # Not until it is empty: pictures that come as fast as they go must not keep numbers, words
        # and a flush from their turn.
        until = time.monotonic() + self._poll
        taken = 0
        while waiting and not self._breaker.open and time.monotonic() < until:
            try:
                if waiting[0].stamp.time >= before:
                    break
                record = waiting.popleft()
            except IndexError:  # shed in between
                break
            taken += 1
            self._hand_over(Batch(records=(record,)))
            self.buffer.taken(record)
        return taken

    def _read_numbers(self, *, wait: bool) -> list[Columns]:
        if self._reader is None or self._left:
            return []
        if not (wait or self._reader.pending or time.monotonic() > self._gathered + self._gather):
            return []
        self._gathered = time.monotonic()
        self.before_read(wait)
        found = self._take_numbers()
        for listener in self.listeners if found else ():
            listener(found)
        return found

    def _take_numbers(self) -> list[Columns]:
        if self._reader is None:
            return []
        found = self._reader.read()
        for block in found:
            self._numbers += block.values.size
            when = float(block.times[-1])
            for path, value in zip(block.paths, block.values[-1].tolist(), strict=True):
                if path not in self.latest or self.latest[path][0] <= when:
                    self.latest[path] = (when, value)
        for path, count in self._reader.shed().items():
            self._numbers += count
            self.totals.lose("full", path, count)
        return found

    def _hand_over(self, batch: Batch) -> None:
        """Give the sink one batch, and count what became of it."""
        self._in_hand.update((id(record), record) for record in batch.records)
        reason = self._refuses or self._write(batch)
        with self._counting:
            if self._left:
                return
            for one in (*batch.columns, *batch.records):
                del self._in_hand[id(one)]
            if reason is not None:
                self._lose(batch, reason)
            else:
                self.totals.delivered += batch.size

    def _write(self, batch: Batch) -> str | None:
        """Give the sink one batch; say why it did not take it, if so."""
        try:
            self.sink.write(batch)
        except NotShown as why:
            self._tell(why, "cannot show a value")
            return NOT_SHOWN
        except NotKept as why:
            self._tell(why.__cause__ or why, "could not keep what it has shown")
            return "error"
        except BaseException as error:  # noqa: BLE001
            self._blame(error, batch)
            return "error"
        if self._breaker.worked():
            log.warning("The %s sink works again.", self.sink.name)
            self._told.clear()  # the next outage is news
        return None

    def _blame(self, error: BaseException, batch: Batch) -> None:
        """Tell of a failure, and count it as the sink's, unless a visual is not what it seemed."""
        visuals = [record.path for record in batch.records if record.sheddable]
        if visuals and isinstance(error, TypeError | ValueError):
            self._tell(error, f"cannot show {visuals[0]!r}")
        else:
            self._breaker.failed()
            self._tell(error, "failed to take in a batch, which is lost there")

    def _lose(self, batch: Batch, reason: str) -> None:
        self._owes |= reason != NOT_SHOWN and (
            bool(batch.columns) or not all(record.sheddable for record in batch.records)
        )
        for record in batch.records:
            self.totals.lose(reason, record.path)
        for block in batch.columns:
            for path in block.paths:
                self.totals.lose(reason, path, block.logged)

    def _tell(self, error: BaseException, what: str) -> None:
        """Say it once for each kind of error."""
        if type(error) in self._told:
            return
        self._told.add(type(error))
        log.error(
            "The %s sink %s: %s: %s. Training and the other sinks go on; losses are counted.",
            self.sink.name,
            what,
            type(error).__name__,
            error,
        )
