"""`Run`: one training, from its first value to its exit code."""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from triptych import lifetime
from triptych.archive.checkpoints import note_checkpoint
from triptych.archive.plain import plain
from triptych.archive.secrets import mask
from triptych.loop import Loop, Observer
from triptych.panel import Panel
from triptych.pipeline.clock import StepClock
from triptych.pipeline.delivery import Delivery
from triptych.pipeline.intake import Intake
from triptych.pipeline.records import Config, Event, Failure, Record, RunInfo, Status
from triptych.pipeline.totals import Totals
from triptych.snapshots import take_snapshot
from triptych.story import Story

Item = TypeVar("Item")


class Run:
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

    Attributes:
        info: What the sinks were told.
        clock: The step; adapters move it.
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
        deliveries: Mapping[str, Delivery],
        intake: Intake,
        panel: Panel | None,
        story: Story | None,
        snapshot: bool = False,
    ) -> None:
        self.info = info
        self.clock = clock
        self.status = Status.RUNNING
        self.failure: Failure | None = None
        self.exit_code: int | None = None
        self.started = time.monotonic()
        self._loop = loop
        self._deliveries = deliveries
        self._intake = intake
        self._panel = panel
        self._story = story
        self._snapshot_at_end = snapshot
        self._closing = threading.RLock()
        self._arrived = True

    def __repr__(self) -> str:
        return f"<Run(id={self.id!r}, status={str(self.status)!r}, step={self.step})>"

    @property
    def id(self) -> str:
        """Folder name, W&B run id, and with the attempt Rerun recording id."""
        return self.info.id

    @property
    def dir(self) -> Path:
        """The run folder."""
        return self.info.dir

    @property
    def step(self) -> int:
        """Optimizer updates begun so far: everything logged now carries it."""
        return self.clock.step

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
        them: 0.01 is one percent of one core. What W&B's own process takes is not in it.
        """
        return self._intake.budget.overhead.share

    @property
    def totals(self) -> Totals:
        """What was taken in and what became of it; exact after `flush` or `close`."""
        return Totals(
            dict(self._intake.rejected),
            dict(self._intake.nonfinite),
            self._intake.late,
            {name: delivery.snapshot() for name, delivery in self._deliveries.items()},
        )

    @property
    def hints(self) -> dict[str, str]:
        """For each sink the command or address that opens what it has written, or ""."""
        return {
            name: str(getattr(delivery.sink, "hint", ""))
            for name, delivery in self._deliveries.items()
        }

    @property
    def latest(self) -> dict[str, float]:
        """The newest value of every number that a sink has read."""
        newest: dict[str, tuple[float, float]] = {}
        for delivery in self._deliveries.values():
            for path, entry in list(delivery.latest.items()):
                newest[path] = max(entry, newest.get(path, entry), key=lambda one: one[0])
        return {path: value for path, (_, value) in sorted(newest.items())}

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
        if not self.active:
            return
        self._loop.observers.append(observer)
        reading = next((one for one in self._deliveries.values() if one.reads), None)
        if reading is not None:
            reading.listeners.append(observer.numbers)

    def unobserve(self, observer: Observer) -> None:
        """Tell them no longer."""
        # new lists: a loop or a worker may be going through the old ones
        self._loop.observers = [one for one in self._loop.observers if one is not observer]
        for delivery in self._deliveries.values():
            delivery.listeners = [one for one in delivery.listeners if one != observer.numbers]

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

    def event(self, text: str) -> None:
        """Leave a marker at the present step in all places: `run.event("unfroze the backbone")`."""
        if self._intake.takes("event"):
            self._intake.put(Record("events", self.clock.stamp(), Event(str(text))))

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Add settings that were not known when the run opened; later ones win.

        Secrets are masked. A W&B run that is somebody else's keeps the settings it has.
        """
        if self._intake.takes("configure"):
            config = {**self.info.config, **mask(plain(dict(settings)))}
            self.info = replace(self.info, config=config)
            self._intake.put(Record("config", self.clock.stamp(), Config(self.info)))
            if self._story is not None:
                self._story.configured(self.info)

    def checkpoint(
        self,
        path: str | os.PathLike[str],
        *,
        metrics: Mapping[str, float] | None = None,
        aliases: Iterable[str] = (),
        name: str | None = None,
        upload: bool = False,
    ) -> None:
        """Note that a model was saved, at the present step, in all places.

        Args:
            path: The file or folder.
            metrics: The score it was saved with.
            aliases: Names of this version, such as "latest" and "best"; `step-<k>` is added.
            name: Under which its versions belong together; by default "model-<run id>".
            upload: Whether it becomes an artifact in W&B; offline that waits for the later sync.
                The files are linked into the run folder here and now, so that they stay when the
                framework deletes its own.

        Raises:
            OSError: If `upload` is asked for and the files cannot be linked or copied.
        """
        if not self._intake.takes("checkpoint"):
            return
        saved = note_checkpoint(
            Path(path),
            self.dir,
            step=self.step,
            name=name or f"model-{self.id}",
            metrics=dict(metrics or {}),
            aliases=tuple(aliases),
            upload=upload,
        )
        self._intake.put(Record("checkpoints", self.clock.stamp(), saved))
        if self._story is not None:
            self._story.keep(saved, self.step)

    def snapshot(
        self, view: str | None = None, step: int | None = None, timeout: float = 30.0
    ) -> Path | None:
        """Put a picture of the recording, as the Rerun viewer shows it, into W&B.

        A shared W&B page then shows a 3-D scene or the whole dashboard. The viewer runs without a
        window, in a process of its own, and needs a Vulkan driver, such as Debian's
        mesa-vulkan-drivers, but neither a display nor a GPU. This call waits for it, some seconds.

        Args:
            view: The name of one view, or the path that it shows; None for the whole window.
            step: Which step to show; None for the last.
            timeout: Seconds that each of starting the viewer, loading and settling may take.

        Returns:
            The PNG file, below `snapshots` in the run folder. None if there is none; the log says
            why, and nothing is raised.
        """
        if not self._intake.takes("snapshot"):
            return None
        self.flush(timeout)
        taken = take_snapshot(
            self.info.recording, self.dir / "snapshots", view=view, step=step, timeout=timeout
        )
        if taken is None:
            return None
        file, picture = taken
        record = Record(f"snapshot/{view or 'dashboard'}", self.clock.stamp(), picture)
        self._intake.show(record, except_to=("rerun", "live"))
        return file

    def begin_attempt(self, timeout: float = 10.0) -> bool:
        """Training starts again within this process: a recording of its own, in the same run.

        For adapters: a second `fit`, a restart with smaller batches. Call `restore` for the step.
        A failure recorded so far is that of the attempt that ends here.

        Args:
            timeout: Seconds to wait until the sinks have changed over.
        """
        if not self._intake.open:
            return self._arrived
        attempt = self.info.attempt + 1
        recording = self.dir / f"recording-{attempt}.rrd"
        self.info = replace(self.info, attempt=attempt, recording=recording)
        deadline = time.monotonic() + timeout
        self._intake.journal.name_attempt(attempt, time.time())
        requests = [one.begin_attempt(self.info, deadline) for one in self._deliveries.values()]
        if self._story is not None:
            self._story.next_attempt(self, self.info)
        self.status, self.failure = Status.RUNNING, None
        arrived = [request.wait() for request in requests]
        return all(arrived)

    def flush(self, timeout: float = 10.0) -> bool:
        """Hand everything logged so far to the back ends; say whether all of it arrived.

        Args:
            timeout: Seconds to wait at most.
        """
        if not self._intake.open:
            return self._arrived
        deadline = time.monotonic() + timeout
        requests = [delivery.begin_flush(deadline) for delivery in self._deliveries.values()]
        arrived = [request.wait() for request in requests]  # wait for each, also after a False
        return all(arrived)

    # ---- the end

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self.ended_by(error)
        self.close()

    def ended_by(self, error: BaseException) -> None:
        """Record the exception that ends the run, with its traceback, at the present step."""
        code = lifetime.exit_code(error)
        if not self._intake.open or self.failure is not None or code == 0:
            return
        # str(error) is the user's code, and may raise; this one does not
        told = traceback.TracebackException.from_exception(error)
        self.failure = Failure(type(error).__qualname__, str(told), "".join(told.format()), code)
        interrupted = isinstance(error, KeyboardInterrupt | lifetime.Terminated)
        self.status = Status.INTERRUPTED if interrupted else Status.FAILED
        self._intake.put(Record("errors", self.clock.stamp(), self.failure))

    def close(self, status: Status | str | None = None, timeout: float = 30.0) -> bool:
        """End the run; say whether everything logged has arrived everywhere.

        Calling it again changes nothing.

        Args:
            status: "finished", "failed" or "interrupted"; by default what is known: finished, or
                what an exception has made of it.
            timeout: Seconds to wait at most. A sink that hangs is left behind.

        Raises:
            ValueError: If the status is none of these.
        """
        wanted = None if status is None else Status(status)
        if wanted in (Status.RUNNING, Status.KILLED):
            raise ValueError(
                f'close() takes "finished", "failed" or "interrupted", not "{wanted}".'
            )
        with self._closing:
            if self.exit_code is not None:
                return self._arrived
            if wanted is not None:
                self.status = wanted
            elif self.status is Status.RUNNING:
                self.status = Status.FINISHED
            good = self.status is Status.FINISHED
            self.exit_code = 0 if good else self.failure.exit_code if self.failure else 1
        for observer in self._loop.observers:
            observer.run_ends()
        if self._snapshot_at_end and self.status is Status.FINISHED:
            self.snapshot()
        self._arrived = False
        if self._panel is not None:
            self._panel.disconnect()
        self._intake.close()
        self._loop.stop()
        deadline = time.monotonic() + timeout
        for delivery in self._deliveries.values():
            delivery.begin_close(self.status, self.failure, deadline)
        try:
            arrived = [delivery.wait_closed(deadline) for delivery in self._deliveries.values()]
            self._arrived = all(arrived)
        finally:  # also when a second Ctrl-C ends the wait
            lifetime.unwatch(self)
            lost = any(delivery.recoverable for delivery in self._deliveries.values())
            self._intake.journal.close(keep=lost)
            if self._story is not None:
                self._story.end(self)
        return self._arrived

    def exit(self, ending: BaseException | None) -> None:
        """The process ends, and nobody has called `close`."""
        if ending is not None:
            self.ended_by(ending)
        self.close()

    def forked(self) -> None:
        """This is a forked child now, a DataLoader worker say: it must not write to the run."""
        self._intake.abandon()
        self._deliveries, self._story = {}, None  # their workers live in the parent
        self._closing = threading.RLock()  # and so may the thread that holds this one
        self._loop.leave()
        if self._panel is not None:
            self._panel.leave_to_terminal()
