"""`Run`: one training, from its first value to its exit code."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from triptych.panel import Panel
from triptych.pipeline.clock import StepClock
from triptych.pipeline.deliveries import Deliveries
from triptych.pipeline.intake import Intake
from triptych.pipeline.records import Failure, Record, RunInfo, Status
from triptych.pipeline.totals import Totals
from triptych.printable import encodable
from triptych.training import lifetime
from triptych.training.loop import Loop, Observer
from triptych.training.saving import Saving
from triptych.training.story import Story

Item = TypeVar("Item")

_UPLOAD_SPEED = 5e6  # bytes a second, at the worst


class Run(Saving):
    """One training, in as many places as there are sinks. Made by `triptych.run`.

    A context manager that also works without `with`: then `close`, or the end of the process,
    ends it. Any thread may log; one thread, the loop's, moves the clock.

    On ranks that do not write it has no sinks and no folder: the same code runs and leaves nothing.

    Args:
        info: What the sinks are told.
        clock: The step.
        loop: What moves it.
        deliveries: The sinks by name; empty on ranks that do not write.
        intake: Sorts what is logged.
        panel: Connects Python logging; None on ranks that do not write.
        story: Writes down how the run goes; None on ranks that do not write.
        snapshot: Whether to take a snapshot when the run has finished.
        upload_recording: When the recording becomes an artifact: "end", "on_failure" or never.

    Attributes:
        status: How the run stands.
        failure: The exception that ended it, as text, or None.
        exit_code: What W&B and `run.json` say; None while the run is open.
        started: When it opened, `time.monotonic` seconds.
    """

    def __init__(
        self,
        info: RunInfo,
        *,
        clock: StepClock,
        loop: Loop,
        deliveries: Deliveries,
        intake: Intake,
        panel: Panel | None,
        story: Story | None,
        snapshot: bool = False,
        upload_recording: str | Literal[False] = False,
    ) -> None:
        super().__init__(info, clock, intake, story)
        self.status = Status.RUNNING
        self.failure: Failure | None = None
        self.exit_code: int | None = None
        self.started = time.monotonic()
        self._loop = loop
        self._deliveries = deliveries
        self._panel = panel
        self._snapshot_at_end = snapshot
        self._upload = upload_recording
        self._closing = threading.RLock()
        self._arrived = True

    def __repr__(self) -> str:
        return f"<Run(id={self.id!r}, status={str(self.status)!r}, step={self.step})>"

    @property
    def active(self) -> bool:
        """Whether what is logged is kept: not on ranks that do not write, nor after `close`."""
        return self._intake.open

    @property
    def update_due(self) -> bool:
        """Whether the batch in hand completes its update: call `optimizer.step()` now."""
        return self._loop.update_due

    @property
    def overhead(self) -> float:
        """What logging has taken so far, as a share of the run's time.

        The time that threads have spent in `log`, and the processor time of the workers beside
        them: 0.01 is one percent of one core. What other processes take, in which the recording and
        W&B's files are written, is not in it.
        """
        return self._intake.budget.overhead.share

    @property
    def totals(self) -> Totals:
        """What was taken in and what became of it; exact after `flush` or `close`."""
        return Totals(
            dict(self._intake.rejected),
            dict(self._intake.nonfinite),
            self._intake.late,
            self._deliveries.totals,
        )

    @property
    def hints(self) -> dict[str, str]:
        """For each sink the command or address that opens what it has written, or ""."""
        return self._deliveries.hints

    @property
    def latest(self) -> dict[str, float]:
        """The newest value of every number that a sink has read."""
        return self._deliveries.latest

    # ---- the loop

    def epochs(self, count: int, *, start: int = 0) -> Iterator[int]:
        """Count epochs from `start` to `count` - 1, like `range`."""
        return self._loop.epochs(count, start=start)

    def steps(
        self, iterable: Iterable[Item], *, accumulate: int = 1, total: int | None = None
    ) -> Iterator[Item]:
        """Give the batches one by one, and begin an update with every `accumulate`-th.

        The last, incomplete group of a pass is an update too, as in Lightning and the Hugging Face
        Trainer: ask `update_due`. In a phase other than "train" the clock stands still. A progress
        bar shows on a terminal.

        Args:
            iterable: The batches. Without a length and with `accumulate` > 1, one is fetched
                ahead, to know the last one.
            accumulate: Batches in one update.
            total: How many batches there are, where `len(iterable)` does not say.
        """
        return self._loop.steps(iterable, accumulate=accumulate, total=total)

    def phase(self, name: str) -> AbstractContextManager[None]:
        """Be in another phase within the `with` block, such as "val"; the step stays."""
        return self._loop.phase(name)

    def advance(self) -> None:
        """Begin the next update, in a loop that does not use `steps`."""
        self.clock.advance()

    def restore(self, step: int) -> None:
        """Continue at the step of a checkpoint: the next update is `step` + 1."""
        self.clock.restore(step)

    def observe(self, observer: Observer) -> None:
        """Tell somebody how the training goes, such as monitors, until the run closes."""
        if self.active:
            self._loop.observers.append(observer)
            self._deliveries.listen(observer.numbers)

    def unobserve(self, observer: Observer) -> None:
        """Tell them no longer."""
        # a new list: the loop may be going through the old one
        self._loop.observers = [one for one in self._loop.observers if one is not observer]
        self._deliveries.unlisten(observer.numbers)

    # ---- logging

    def log(self, values: Mapping[str, Any], /) -> None:
        """Log values at the present step: `run.log({"train/loss": loss, "train/batch": image})`.

        Takes numbers (int, float, bool, numpy scalars, one-element tensors of any dtype on any
        device), visuals, PIL images, matplotlib figures, Rerun archetypes, `wandb` media, and
        functions without arguments that return one of these: they are called here and now, but
        only if some sink wants a picture at this path.

        On the calling thread it appends to memory: no file, no network, no encoding. It never
        waits for a sink, and never raises because of one. A value it cannot take is counted and
        warned about once, at the caller's line.

        Raises:
            TypeError: In strict mode only, for a value or a path that it cannot take.
        """
        self._intake.log(values)

    def begin_attempt(self, timeout: float = 10.0) -> bool:
        """Training starts again within this process: a recording of its own, in the same run.

        For adapters: a second `fit`, a restart with smaller batches. Call `restore` for the step.
        A failure recorded so far is that of the attempt that ends here.

        Args:
            timeout: Seconds to wait until the sinks have changed over.
        """
        if not self._intake.open:
            return self._arrived
        self._learn_seeds()
        self._next_attempt()
        deadline = time.monotonic() + timeout
        self._intake.journal.name_attempt(self.info.attempt, self.info.began)
        if self._story is not None:
            self._story.next_attempt(self, self.info)
        self.status, self.failure = Status.RUNNING, None
        return self._deliveries.begin_attempt(self.info, deadline)

    def flush(self, timeout: float = 10.0) -> bool:
        """Hand everything logged so far to the back ends; say whether all of it arrived.

        Args:
            timeout: Seconds to wait at most.
        """
        if not self._intake.open:
            return self._arrived
        deadline = time.monotonic() + timeout
        settled = self._clerk.settle(deadline)  # it may have something for the sinks
        return self._deliveries.flush(deadline) and settled

    # ---- the end

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is not None:
                self.ended_by(error)
        finally:
            self.close()

    def ended_by(self, error: BaseException) -> None:
        """Record the exception that ends the run, with its traceback, at the present step."""
        code = lifetime.exit_code(error)
        if not self._intake.open or self.failure is not None or code == 0:
            return
        interrupted = isinstance(error, KeyboardInterrupt | lifetime.Terminated)
        self.status = Status.INTERRUPTED if interrupted else Status.FAILED
        # str(error) is the user's code, and may raise; this one does not
        told = traceback.TracebackException.from_exception(error)
        message, trace = encodable(str(told)), encodable("".join(told.format()))
        self.failure = Failure(type(error).__qualname__, message, trace, code)
        self._intake.put(Record("errors", self.clock.stamp(), self.failure))

    def close(self, status: Status | str | None = None, timeout: float = 30.0) -> bool:
        """End the run; say whether everything logged has arrived everywhere.

        Calling it again changes nothing.

        Args:
            status: "finished", "failed" or "interrupted"; by default what is known: finished, or
                what an exception has made of it.
            timeout: Seconds to wait at most, and one more for each 5 MB of a recording that is to
                be uploaded. A sink that hangs is left behind.

        Raises:
            ValueError: If the status is none of these.
        """
        wanted = None if status is None else Status(status)
        if wanted in (Status.RUNNING, Status.KILLED):
            raise ValueError(
                f'close() takes "finished", "failed" or "interrupted", not "{wanted}".'
            )
        with self._closing:  # another thread that closes it too waits for the end, and the answer
            if self.exit_code is not None:
                return self._arrived
            if wanted is not None:
                self.status = wanted
            elif self.status is Status.RUNNING:
                self.status = Status.FINISHED
            told = self.info.ending(self.status, self.failure, None)
            self.exit_code = int(told["exit_code"])
            return self._close(timeout)

    def _close(self, timeout: float) -> bool:
        for observer in self._loop.observers:
            observer.run_ends()
        if self._snapshot_at_end and self.status is Status.FINISHED:
            self.snapshot()
        self._learn_seeds()
        self._arrived = False
        try:
            self._arrived = self._end(timeout)
        finally:  # also when a second Ctrl-C ends the wait
            lifetime.unwatch(self)
            self._intake.journal.close(keep=self._deliveries.recoverable)
            if self._story is not None:
                self._story.end(self)
        return self._arrived

    def _end(self, timeout: float) -> bool:
        """Take nothing any more, and close the sinks; say whether everything has arrived."""
        deadline = time.monotonic() + timeout
        settled = self._finish_files(deadline - timeout / 2)  # the rest is the sinks'
        if self._panel is not None:
            self._panel.disconnect()
        self._intake.close()
        self._loop.stop()
        deadline += self._hand_in_recording()
        return (
            self._deliveries.close(self.status, self.failure, deadline, lambda: self.totals)
            and settled
        )

    def _hand_in_recording(self) -> float:
        """Have the recording uploaded if that is wanted; give the seconds that it may take."""
        failed = self._upload == "on_failure" and self.status is Status.FAILED
        file = self.info.recording
        wanted = (self._upload == "end" or failed) and file.exists()
        if wanted and self._deliveries.hand_in(self._recording()):
            return file.stat().st_size / _UPLOAD_SPEED
        return 0.0

    def exit(self, ending: BaseException | None) -> None:
        """The process ends, and nobody has called `close`."""
        try:
            if ending is not None:
                self.ended_by(ending)
        finally:
            self.close()

    def forked(self) -> None:
        """This is a forked child now, a DataLoader worker say: it must not write to the run."""
        self._intake.abandon()
        self._deliveries, self._story = Deliveries(), None  # their workers live in the parent
        self._closing = threading.RLock()  # and so may the thread that holds this one
        self._loop.leave()
        if self._panel is not None:
            self._panel.leave_to_terminal()
