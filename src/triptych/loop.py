"""The hand-written loop: `epochs`, `steps` and `phase` move the clock by the step rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import TypeVar

from triptych.pipeline.clock import StepClock
from triptych.terminal import Bar

Item = TypeVar("Item")

TRAIN = "train"


class Loop:
    """Moves a clock through epochs, optimizer updates and phases.

    Args:
        clock: The clock it moves.
        bar: The progress bar it keeps up to date.

    Attributes:
        update_due: Whether the batch in hand is the last of its update, so that the loop should
            call `optimizer.step()` now.
    """

    def __init__(self, clock: StepClock, bar: Bar) -> None:
        self._clock = clock
        self._bar = bar
        self.update_due = True

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
        try:
            for index, (item, last) in enumerate(_with_last(iterable, total, accumulate)):
                if training:
                    if index % accumulate == 0:
                        self._clock.advance()
                    self.update_due = last or (index + 1) % accumulate == 0
                yield item
                progress.done = index + 1
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
        try:
            yield
        finally:
            self._clock.enter(epoch=self._clock.epoch, phase=before)


def _length(iterable: Iterable[Item]) -> int | None:
    try:
        return len(iterable) if isinstance(iterable, Sized) else None
    except TypeError:  # a DataLoader of an iterable data set has a `__len__` that raises
        return None


def _with_last(
    iterable: Iterable[Item], total: int | None, accumulate: int
) -> Iterator[tuple[Item, bool]]:
    """Each item with whether it is the last one.

    Where the length is not known, and only if it matters, one item is fetched ahead.
    """
    if total is not None or accumulate == 1:
        for index, item in enumerate(iterable):
            yield item, index + 1 == total
        return
    iterator = iter(iterable)
    try:
        held = next(iterator)
    except StopIteration:
        return
    for item in iterator:
        yield held, False
        held = item
    yield held, True
