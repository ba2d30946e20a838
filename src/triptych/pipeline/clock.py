"""`StepClock` owns the step: step k is the k-th optimizer update, counted from 1."""

from __future__ import annotations

import time
from collections.abc import Callable

from triptych.pipeline.records import Stamp
from triptych.printable import encodable

Hear = Callable[[int, int | None, str], None]
"""Is called with the index of a context, its epoch and its phase."""


class StepClock:
    """The one place that knows the step.

    Everything logged while update k is made, or after it and before update k+1 begins, carries k;
    before the first update the step is 0. The loop or an adapter moves the clock, always on the
    training thread; any thread may read it.

    Attributes:
        step: The current step.
        context: Index into `contexts` of the current epoch and phase. Rows of numbers carry this
            index, so that stamping a row costs no allocation.
        contexts: Every (epoch, phase) seen so far.
    """

    def __init__(self, step: int = 0, rank: int = 0) -> None:
        self.step = step
        self.rank = rank
        self.contexts: list[tuple[int | None, str]] = [(None, "train")]
        self.context = 0
        self._indices = {self.contexts[0]: 0}
        self._hear: Hear = lambda _index, _epoch, _phase: None

    def __repr__(self) -> str:
        return f"<StepClock(step={self.step}, epoch={self.epoch}, phase={self.phase!r})>"

    @property
    def epoch(self) -> int | None:
        """Zero-based pass over the data; None outside epochs."""
        return self.contexts[self.context][0]

    @property
    def phase(self) -> str:
        """What the loop is doing, such as "train" or "val"."""
        return self.contexts[self.context][1]

    def advance(self) -> None:
        """Begin the next update."""
        self.step += 1

    def restore(self, step: int) -> None:
        """Continue at a step: that of a checkpoint, or the one a framework has counted to.

        Raises:
            ValueError: If the step is negative.
        """
        if step < 0:
            raise ValueError(f"A step counts optimizer updates and cannot be {step!r}.")
        self.step = step

    def enter(self, *, epoch: int | None, phase: str) -> None:
        """Be in this epoch and this phase from now on."""
        key = (epoch, phase)
        index = self._indices.get(key)
        if index is None:
            index, phase = len(self.contexts), encodable(phase)
            self._hear(index, epoch, phase)
            self.contexts.append((epoch, phase))
            self._indices[key] = index
        self.context = index

    def listen(self, hear: Hear) -> None:
        """Have `hear` called with every context, those so far included, before it is used."""
        for index, (epoch, phase) in enumerate(self.contexts):
            hear(index, epoch, phase)
        self._hear = hear

    def stamp(self) -> Stamp:
        """The present moment."""
        epoch, phase = self.contexts[self.context]
        return Stamp(self.step, epoch, phase, time.time(), self.rank)
