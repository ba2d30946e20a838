"""`Artist`: asks whether a batch is drawn, draws it, and is stopped by nothing."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from triptych.batches import count_samples
from triptych.draws.pictures import Draw, find_draw, has_predictions
from triptych.lightning.samples import take, tensors
from triptych.lightning.tap import Tap
from triptych.pipeline.cadence import Every
from triptych.training.run import Run

log = logging.getLogger("triptych")


class Artist:
    """Draws one batch at a time: `ask` or `want` before the step, `show` after it.

    Args:
        draw: The user's draw; None for one that is found by the shapes.
        every: How often each stage is drawn.
    """

    def __init__(self, draw: Draw | None, every: Every) -> None:
        self._draw = draw
        self._gate = every.gate()
        self._samples = 0  # of the batch in hand; 0 if it is not drawn
        self._tap: Tap | None = None
        self._followed: torch.Tensor | None = None
        self._told: set[str] = set()

    @property
    def busy(self) -> bool:
        """Whether the batch in hand is to be drawn."""
        return self._samples > 0

    def ask(self, run: Run, stage: str, samples: int, module: nn.Module) -> None:
        """Draw the batch that comes if this stage is due."""
        if self._gate.due(stage, run.clock.stamp()):
            self.want(samples, module)

    def want(self, samples: int, module: nn.Module) -> None:
        """Draw the first samples of the batch that comes."""
        self._samples = samples
        if self._draw is None:
            self._tap = Tap(module)

    def show(
        self,
        run: Run,
        stage: str,
        batch: Any,
        outputs: Any,
        module: nn.Module,
        *,
        follow: bool = False,
    ) -> None:
        """Draw the batch if that was wanted.

        Args:
            run: Where the visuals go.
            stage: What the batch is for.
            batch: What the step got.
            outputs: What the step returned.
            module: Whose step it was.
            follow: Whether the samples should be the same ones each time.
        """
        samples, self._samples = self._samples, 0
        tap, self._tap = self._tap, None
        tapped = tap.close() if tap is not None else None
        if not samples:
            return
        try:
            # the random numbers of the training stay what they were
            with torch.no_grad(), torch.random.fork_rng(devices=[]):
                total = count_samples(batch)
                given = take(batch, samples, total)
                if follow:
                    self._recognise(given)
                if self._draw is not None:
                    visuals = self._draw(given, take(outputs, samples, total), module) or {}
                else:
                    kept = take(outputs, samples, total)
                    if not has_predictions(given, kept):
                        kept = take(tapped, samples, total)
                    visuals = self._find(stage, given, kept, module)
        except Exception as error:
            if self._first(f"{type(error).__name__} in {stage}"):
                log.exception("The draw of a %s batch raised; the training goes on.", stage)
            return
        run.log(visuals)

    def tell(self, message: str) -> None:
        """Say something once."""
        if self._first(message):
            log.warning(message)

    def _find(self, stage: str, batch: Any, outputs: Any, module: nn.Module) -> Mapping[str, Any]:
        draw = find_draw(batch, outputs)
        if draw is None:
            self.tell(f"No ready-made draw suits the {stage} batches; pass one: draw=...")
            return {}
        return {f"{stage}/{path}": shown for path, shown in draw(batch, outputs, module).items()}

    def _recognise(self, batch: Any) -> None:
        first = next(tensors(batch), None)
        if self._followed is None:
            self._followed = first
        elif first is not None and not torch.equal(first, self._followed):
            self.tell("The samples to follow are others than before: the loader shuffles them.")

    def _first(self, what: str) -> bool:
        new = what not in self._told
        self._told.add(what)
        return new
