"""`Spikes`: losses that jump or stop being numbers, found among the numbers that were logged."""

from __future__ import annotations

import math
import statistics
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from triptych.dashboard import is_loss

if TYPE_CHECKING:
    from triptych.pipeline.records import Columns
    from triptych.training.run import Run

WINDOW = 100  # values that a new one is compared with
ENOUGH = 30  # before that many, nothing is a spike
LIMIT = 10.0  # modified z-scores
LEAST = 1.5  # times the median; where a loss hardly varies, less is no jump


def modified_z(value: float, others: list[float]) -> float:
    """How far a value lies from the median of others, in robust standard deviations.

    Iglewicz and Hoaglin, "How to Detect and Handle Outliers" (1993): 0.6745 (x - median) / MAD, the
    median absolute deviation; and where more than half of the values are equal, so that it is 0,
    (x - median) / 1.2533 of the mean absolute deviation. 0 where all values are equal.
    """
    middle = statistics.median(others)
    distances = [abs(one - middle) for one in others]
    deviation = statistics.median(distances) / 0.6745
    deviation = deviation or statistics.fmean(distances) * 1.253314
    return (value - middle) / deviation if deviation else 0.0


def jumps(value: float, others: list[float]) -> bool:
    """Whether a loss is far above earlier ones.

    Positive losses are compared by their logarithms: losses of single batches are skewed, and ten
    deviations above the median are an ordinary bad batch. In logarithms healthy trainings on digits
    (SGD and Adam, batches of 4 to 128) stay below eight.
    """
    if min(value, *others) > 0:
        far = modified_z(math.log(value), [math.log(one) for one in others]) > LIMIT
        return far and value > LEAST * statistics.median(others)
    return modified_z(value, others) > LIMIT


@dataclass(slots=True)
class _Curve:
    """The newest finite values of one path, and whether an incident is going on."""

    values: deque[float] = field(default_factory=lambda: deque(maxlen=WINDOW))
    jumping: bool = False
    broken: bool = False


class Spikes:
    """Leaves an event where a loss jumps upwards, or becomes NaN or infinite; once each time.

    A loss is what the dashboard takes for one: "val/kl_loss", "Loss/train". All is done on the
    worker that reads the numbers, so the event comes a moment after its step, which its words name.

    Args:
        run: Is told.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._curves: dict[str, _Curve] = {}

    def feed(self, blocks: list[Columns]) -> None:
        """Look at numbers that were logged."""
        for block in blocks:
            for place, path in enumerate(block.paths):
                if is_loss(path):
                    curve = self._curves.setdefault(path, _Curve())
                    steps, values = block.steps.tolist(), block.values[:, place].tolist()
                    for step, value in zip(steps, values, strict=True):
                        self._judge(path, curve, step, value)

    def _judge(self, path: str, curve: _Curve, step: int, value: float) -> None:
        if not math.isfinite(value):
            if not curve.broken:
                kind = "NaN" if math.isnan(value) else "infinite"
                self._tell(f"{path} became {kind} at step {step}")
            curve.broken = True
            return
        curve.broken = False
        others = list(curve.values)
        far = len(others) >= ENOUGH and jumps(value, others)
        if far and not curve.jumping:
            middle = statistics.median(others)
            self._tell(f"{path} jumped to {value:.4g} at step {step}, from about {middle:.4g}")
        curve.jumping = far
        curve.values.append(value)

    def _tell(self, words: str) -> None:
        if self._run.active:  # the last numbers are read after it has closed
            self._run.event(words, level="WARNING")
