"""`Intake`: what happens in `run.log`, in this order: stamp, due?, build, own, put."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from triptych.caller import warn_at_caller
from triptych.pipeline.budget import Budget
from triptych.pipeline.clock import StepClock
from triptych.pipeline.delivery import Delivery
from triptych.pipeline.device import DeviceNumbers
from triptych.pipeline.ledger import Ledger
from triptych.pipeline.outlets import Outlets
from triptych.pipeline.own import DeviceScalar, Scalar, Unloggable, copied, own
from triptych.pipeline.paths import normal_path
from triptych.pipeline.records import Stamp

log = logging.getLogger("triptych")

OVERHEAD = "triptych/overhead"
"""Every ten seconds: what logging has taken of them, as a share."""


class Intake(Outlets):
    """Sorts what is logged into the ledger and the buffers of the sinks, on the calling thread.

    Args:
        clock: Stamps everything.
        ledger: Takes the numbers.
        deliveries: Take the rest; empty on ranks that do not write.
        strict: Raise where a value cannot be taken, rather than warn once.
        budget: Which pictures are too many; by default none.

    Attributes:
        rejected: Values that could not be taken, by path.
        nonfinite: NaN and infinite numbers, by path.
        late: Calls after the run was closed.
        spent_ns: Time the calling threads have spent in `log`, nanoseconds.
    """

    def __init__(
        self,
        clock: StepClock,
        ledger: Ledger,
        deliveries: Mapping[str, Delivery],
        *,
        strict: bool,
        budget: Budget | None = None,
    ) -> None:
        super().__init__(deliveries, budget or Budget(), ledger.journal)
        self.rejected: Counter[str] = Counter()
        self.nonfinite: Counter[str] = Counter()
        self.late = 0
        self.spent_ns = 0
        self._writes = bool(deliveries)
        self._clock = clock
        self._ledger = ledger
        self._strict = strict
        self._device = DeviceNumbers(self.rejected)
        self.begin()
        self._settling = threading.Lock()  # between workers; none waits for it
        self._told: set[tuple[str, str]] = set()
        clock.listen(ledger.journal.name_context)

    def log(self, values: object) -> None:
        """Take in a mapping from paths to values. Numbers at hand, of known names, end here."""
        began = time.perf_counter_ns()
        if not (self.open and self._ledger.append(values, self._clock)):
            self._look_closer(values)
        spent = time.perf_counter_ns() - began  # before `+=` reads: another thread may come between
        self.spent_ns += spent

    def begin(self) -> None:
        """Count from here on what logging takes: the sinks are open."""
        self.budget.overhead.begin(self._cost)

    def _cost(self) -> float:
        return self.spent_ns / 1e9 + sum(delivery.spent for delivery in self._deliveries)

    def takes(self, what: str) -> bool:
        """Whether values are taken; a call of a closed run is counted, and told once."""
        if not self.open and self._writes:
            self.late += 1
            if self._first("closed", what):
                warn_at_caller(f"run.{what} was called after the run was closed: nothing is kept.")
        return self.open

    def abandon(self) -> None:
        """Take nothing any more, in silence: this is a forked child."""
        super().abandon()
        self._writes = False

    def settle(self, wait: bool) -> None:
        """Move numbers whose device has got there into the ledger. Called by workers."""
        if not self._settling.acquire(blocking=wait):
            return
        try:
            for paths, values, (context, step, when) in self._device.settle(wait=wait):
                for path, value in zip(paths, values, strict=True):
                    self._check_finite(path, value, step)
                self._ledger.append_floats(
                    paths, tuple(values), context=context, step=step, when=when
                )
            self._look_at_budget()
        finally:
            self._settling.release()

    def _look_at_budget(self) -> None:
        for delivery in self._deliveries:
            delivery.buffer.tell()
        share = self.budget.look()
        if share is not None and self.open:
            here = {"context": self._clock.context, "step": self._clock.step}
            self._ledger.append_floats((OVERHEAD,), (share,), **here, when=time.time())
            for delivery in self._deliveries:
                delivery.numbers.stretch(self.budget.overhead.stretch)

    # ---- whatever is not a row of numbers on the host under known names

    def _look_closer(self, values: object) -> None:
        if not self.takes("log"):
            return
        if not isinstance(values, (dict, Mapping)):  # a dict at once: Mapping takes long to ask
            kind = type(values).__name__
            self._reject("log", f'run.log takes a dict such as {{"loss": 0.5}}, not a {kind}.')
            return
        stamp, context = self._clock.stamp(), self._clock.context
        floats: dict[str, float] = {}
        on_device: dict[str, Any] = {}
        for key, given in values.items():
            path, value = self._take(key, given, stamp)
            if isinstance(value, Scalar):
                floats[path] = value.value
                self._check_finite(path, value.value, stamp.step)
            elif isinstance(value, DeviceScalar):
                on_device[path] = value.tensor
        if floats:
            paths = tuple(floats)
            if len(paths) == len(values):  # the next row with these names takes the short way
                self._ledger.layout(tuple(values), paths)
            self._ledger.append_floats(
                paths, tuple(floats.values()), context=context, step=stamp.step, when=stamp.time
            )
        if on_device:
            self._device.add(on_device, (context, stamp.step, stamp.time))

    def _take(
        self, key: object, given: Any, stamp: Stamp
    ) -> tuple[str, Scalar | DeviceScalar | None]:
        """The path, and a number if it is one; what cannot be taken in is rejected."""
        try:
            path = normal_path(key)
            return path, self._sort(path, given, stamp)
        except Unloggable as why:
            self._reject(str(key), str(why))
        except Exception as error:
            if self._strict:
                raise
            problem = f"{type(error).__name__}: {error}"
            self._reject(str(key), f"{key!r} could not be taken in: {problem}.")
        return str(key), None

    def _sort(self, path: str, given: Any, stamp: Stamp) -> Scalar | DeviceScalar | None:
        """A number comes back; a visual goes to the sinks that want one here and now."""
        takers = None
        if callable(given) and not isinstance(given, type):
            takers = self._takers(path, stamp)
            given = self._build(path, given) if takers else None
            if given is None:
                return None
        value = own(path, given)
        if isinstance(value, (Scalar, DeviceScalar)):
            return value
        if takers is None:
            takers = self._takers(path, stamp)
        if takers:
            self._hand_out(path, stamp, copied(value), takers)
        return None

    def _build(self, path: str, function: Callable[[], Any]) -> Any:
        try:
            return function()
        except Exception as error:
            if self._strict:
                raise
            self.rejected[path] += 1
            if self._first(path, type(error).__name__):
                log.exception("The function logged at %r raised; training goes on.", path)
            return None

    def _reject(self, path: str, message: str) -> None:
        if self._strict:
            raise TypeError(message)
        self.rejected[path] += 1
        if self._first(path, "rejected"):
            warn_at_caller(message)

    def _check_finite(self, path: str, value: float, step: int) -> None:
        if not math.isfinite(value):
            self.nonfinite[path] += 1
            if self._first(path, "not finite"):
                log.warning("%s is %s at step %d; it is kept as such.", path, value, step)

    def _first(self, path: str, what: str) -> bool:
        known = (path, what) in self._told
        self._told.add((path, what))
        return not known
