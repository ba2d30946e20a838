"""`Stage`: whether the Trainer trains or evaluates just now, and what its model saw there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triptych.hf.names import phase, place
from triptych.hf.painter import Painter
from triptych.hf.tap import Tap
from triptych.rank import is_writer
from triptych.training.run import Run

TRAIN = "train"


class Stage:
    """Keeps the clock's phase, and draws what was due at the place where it was seen.

    Args:
        painter: Draws.

    Attributes:
        run: The run, once it is open.
    """

    def __init__(self, painter: Painter) -> None:
        self.run: Run | None = None
        self._painter = painter
        self._tap = Tap(self._wanted)
        self._evaluations: list[str] = []  # their prefixes; of several sets, one within the other

    @property
    def depth(self) -> int:
        """How many evaluations are going on, one within the other."""
        return len(self._evaluations)

    def begin_training(self, run: Run, model: Any, *, watch_loss: bool) -> None:
        """A training begins, or begins again after it has failed."""
        self.run = run
        self._tap.remove()
        self._look_at(model)
        self._tap.watch_loss = watch_loss
        self._enter(None)

    def begin_epoch(self, epoch: int) -> None:
        """A pass over the training data begins."""
        self._enter(epoch)

    def begin_evaluation(self, run: Run, prefix: str, model: Any) -> None:
        """An evaluation begins whose metrics have this prefix."""
        self.run = run
        self._evaluations.append(prefix)
        self._painter.begin_evaluation()
        self._look_at(model)
        self._enter(run.clock.epoch)

    def end_evaluations(self, depth: int) -> None:
        """Evaluations have ended, or failed, so that only so many are left."""
        if self.depth > depth:
            del self._evaluations[depth:]
            if self.run is not None:
                self._enter(self.run.clock.epoch)

    def leave(self) -> None:
        """Let go of the model."""
        self._tap.remove()

    def paint(self, context: Mapping[str, Any]) -> None:
        """A batch is through: draw it, if it was due."""
        seen = self._tap.take()
        if seen is not None and self.run is not None:
            model, processing = context["model"], context.get("processing_class")
            training = not self._evaluations
            self._painter.paint(self.run, seen, self._place, model, processing, training=training)

    def bad_loss(self) -> float | None:
        """The first loss since the last call that is not finite, as the model returned it."""
        for loss in self._tap.take_losses():
            if not bool(loss.isfinite().all()):
                return float(loss.float().mean())
        return None

    @property
    def _place(self) -> str:
        return place(self._evaluations[-1]) if self._evaluations else TRAIN

    def _enter(self, epoch: int | None) -> None:
        if self.run is not None:
            name = phase(self._evaluations[-1]) if self._evaluations else TRAIN
            self.run.clock.enter(epoch=epoch, phase=name)

    def _look_at(self, model: Any) -> None:
        if model is not None and is_writer():
            self._tap.install(model)

    def _wanted(self) -> bool:
        training = not self._evaluations
        return self.run is not None and self._painter.wants(
            self.run, self._place, training=training
        )
