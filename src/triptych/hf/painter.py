"""`Painter`: asks the cadence, calls `draw` on a pass that was kept, and logs what comes back."""

from __future__ import annotations

import inspect
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Literal

from triptych.hf.tap import Seen
from triptych.pipeline.cadence import Cadence
from triptych.training.run import Run

log = logging.getLogger("triptych")

Draw = Callable[..., Mapping[str, Any]]
"""`draw(inputs, outputs, model) -> {path: visual}`; gets `processing_class` too if it asks."""

_MOST_SAMPLES = 8  # that a ready-made draw is given

_ROOTS = ("train/", "val/", "eval/", "test/")


class Painter:
    """Draws what the model saw, where and when it is due.

    Args:
        draw: The user's; None for one that fits batch and outputs, False for none.
        every: How often, per place.
        follow: How many samples at the start of each evaluation set are drawn in every evaluation,
            each at a path of its own.

    Attributes:
        failures: How often `draw` has raised, by kind of error.

    Raises:
        TypeError: If `draw` or `every` is of the wrong kind.
        ValueError: If `follow` is no number of samples.
    """

    def __init__(self, draw: Draw | Literal[False] | None, every: Cadence, follow: int) -> None:
        if not (draw is None or draw is False or callable(draw)):
            raise TypeError(f"draw is a function, None or False, not {draw!r}.")
        if not isinstance(every, Cadence):
            raise TypeError(f"every is a cadence such as Every(steps=50), not {every!r}.")
        if not isinstance(follow, int) or follow < 0:
            raise ValueError(f"follow is a number of samples, 0 or more, not {follow!r}.")
        self.failures: Counter[str] = Counter()
        self._draw = draw
        self._gate = every.gate()
        self._follow = follow
        self._left = 0
        self._due = False
        self._asks: dict[Any, bool] = {}

    def begin_evaluation(self) -> None:
        """An evaluation begins at its first sample."""
        self._left = self._follow

    def wants(self, run: Run, place: str, *, training: bool) -> bool:
        """Whether the pass that is being made is to be kept. Asked on every one."""
        if self._draw is False:
            return False
        self._due = self._gate.due(place, run.clock.stamp())
        return self._due or (not training and self._left > 0)

    def paint(
        self, run: Run, seen: Seen, place: str, model: Any, processing_class: Any, *, training: bool
    ) -> None:
        """Draw a pass that was wanted, and log it below `place`. Never raises because of `draw`."""
        draw = self._draw or self._find(seen, model, processing_class)
        if not draw:
            return
        if self._due:
            shown = seen if self._draw else seen.samples(0, _MOST_SAMPLES)
            self._log(run, draw, shown, place, model, processing_class)
        if not training:
            first = self._follow - self._left
            count = min(self._left, seen.size)
            for index in range(count):
                below = f"{place}/sample-{first + index}"
                self._log(run, draw, seen.samples(index, index + 1), below, model, processing_class)
            self._left -= count

    def _log(
        self, run: Run, draw: Draw, seen: Seen, place: str, model: Any, processing_class: Any
    ) -> None:
        import torch

        extra = {"processing_class": processing_class} if self._asks_for_processing(draw) else {}
        try:
            with torch.no_grad():
                found = draw(seen.inputs, seen.outputs, model, **extra)
        except Exception as error:
            kind = type(error).__name__
            self.failures[kind] += 1
            if self.failures[kind] == 1:
                log.exception("draw raised %s at %s; training goes on.", kind, place)
            return
        if found:
            run.log({_below(place, path): visual for path, visual in found.items()})

    def _asks_for_processing(self, draw: Draw) -> bool:
        if draw not in self._asks:
            self._asks[draw] = "processing_class" in inspect.signature(draw).parameters
        return self._asks[draw]

    def _find(self, seen: Seen, model: Any, processing_class: Any) -> Draw | None:
        from triptych.draws.pictures import find_draw
        from triptych.draws.text import find_text_draw

        text = find_text_draw(seen.inputs, seen.outputs, model, processing_class)
        found: Draw | None = text or find_draw(seen.inputs, seen.outputs)
        return found


def _below(place: str, path: str) -> str:
    """A path that already says which part of the training it belongs to stays as it is."""
    return path if path.startswith(_ROOTS) else f"{place}/{path}"
