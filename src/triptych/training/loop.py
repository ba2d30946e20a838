"""The hand-written loop: `epochs`, `steps` and `phase` move the clock by the step rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import Protocol, TypeVar

from triptych.pipeline.clock import StepClock
from triptych.pipeline.records import Columns
from triptych.terminal import Bar, Progress

Item = TypeVar("Item")

TRAIN = "train"


class Observer(Protocol):
    """Is told how a training goes; on the training thread, but for `numbers`. Must not raise."""

    def pass_begins(self) -> None:
        """The first batch of a pass over the training data is about to be fetched."""
        ...

    def batch_begins(self) -> None:
        """A batch is there."""
        ...

    def batch_ends(self, batch: object, *, update: bool) -> None:
        """The loop is done with a batch; `update` says whether its update is complete."""
        ...

    def pause_begins(self) -> None:
        """The loop enters another phase, such as "val"."""
        ...

    def pause_ends(self, name: str) -> None:
        """It leaves the phase of that name."""
        ...

    def numbers(self, columns: list[Columns]) -> None:
        """Numbers that were logged: each once, on a worker thread, a moment later."""
        ...

    def run_ends(self) -> None:
        """The run is about to close, and still takes what is logged."""
        ...


class Loop:
    """Moves a clock through epochs, optimizer updates and phases.

    Args:
        clock: The clock it moves.
        bar: The progress bar it keeps up to date.

    Attributes:
        update_due: Whether the batch in hand is the last of its update, so that the loop should
            call `optimizer.step()` now.
        observers: Who is told about passes, batches and phases.
    """

    def __init__(self, clock: StepClock, bar: Bar) -> None:
        self._clock = clock
        self._bar = bar
        self.update_due = True
        self.observers: list[Observer] = []

    def epochs(self, count: int, *, start: int = 0) -> Iterator[int]:
        """Count epochs from `start` to `count` - 1, like `range`."""
        if count < 0 or start < 0:
            raise ValueError(f"epochs() counts upwards from 0: got count={count}, start={start}.")
        self._bar.epochs = count
        outside = self._clock.epoch
        try:
            for epoch in range(start, count):
                self._clock.enter(epoch=epoch, phase=self._clock.phase)
                yield epoch
        finally:
            # what is logged after the last epoch still belongs to it, unless it never began
            self._bar.epochs = None
            if start >= count:
                self._clock.enter(epoch=outside, phase=self._clock.phase)

    def steps(
        self, iterable: Iterable[Item], *, accumulate: int = 1, total: int | None = None
    ) -> Iterator[Item]:
        """Give the batches one by one; every `accumulate` of them make one update.

        In a phase other than "train" the clock stands still, and only the bar moves.
        """
        if accumulate < 1:
            raise ValueError(f"accumulate is a number of batches, at least 1, not {accumulate!r}.")
        if total is None:
            total = _length(iterable)
        training = self._clock.phase == TRAIN
        progress = self._bar.begin(total)
        watching = self.observers if training else ()
        for observer in watching:
            observer.pass_begins()
        ahead = total is None and accumulate > 1
        batches = _look_ahead(iterable, progress) if ahead else iterable
        try:
            for number, item in enumerate(batches, 1):
                if training:
                    if (number - 1) % accumulate == 0:
                        self._clock.advance()
                    self.update_due = number % accumulate == 0 or number == progress.total
                for observer in watching:
                    observer.batch_begins()
                yield item
                for observer in watching:
                    observer.batch_ends(item, update=self.update_due)
                progress.done = number
        finally:
            if training:  # a validation in mid-epoch must not end the group of the pass around it
                self.update_due = True
            self._bar.end(progress)

    def stop(self) -> None:
        """Take the bar away: the run closes in mid-loop."""
        self._bar.stop()

    def leave(self) -> None:
        """Leave the terminal to the parent: this is a forked child."""
        self._bar.leave()

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Be in another phase, such as "val"; the step stays that of the last update."""
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f'A phase is a word such as "val", not {name!r}.')
        before = self._clock.phase
        self._clock.enter(epoch=self._clock.epoch, phase=name)
        for observer in self.observers:
            observer.pause_begins()
        try:
            yield
        finally:
            for observer in self.observers:
                observer.pause_ends(name)
            self._clock.enter(epoch=self._clock.epoch, phase=before)


def _length(iterable: Iterable[Item]) -> int | None:
    try:
        return len(iterable) if isinstance(iterable, Sized) else None
    except TypeError:  # a DataLoader of an iterable data set has a `__len__` that raises
        return None


def _look_ahead(iterable: Iterable[Item], progress: Progress) -> Iterator[Item]:
    """Fetch one item ahead, so that the total is known before the last one is given."""
    iterator = iter(iterable)
    try:
        held = next(iterator)
    except StopIteration:
        return
    count = 1
    for count, item in enumerate(iterator, 2):  # noqa: B007
        yield held
        held = item
    progress.total = count
    yield held
