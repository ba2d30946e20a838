"""`Incidents`: which gradient went bad first, told once each time."""

from __future__ import annotations

import math
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from triptych.training.run import Run

_WAITING = 64  # looks that a device may lag behind


@dataclass(frozen=True, slots=True)
class Look:
    """Norms that may still be on their way from the device.

    Attributes:
        step: When they were taken.
        names: Of the parameters, in the order of the model.
        norms: (N,), on the device.
        total: Their norm, on the host once `arrived` has passed.
        arrived: A CUDA event; None where there is nothing to wait for.
    """

    step: int
    names: Sequence[str]
    norms: Any
    total: Any
    arrived: Any


class Incidents:
    """Judges the gradients by the total of their norms, and looks closer only if it is not finite.

    An incident lasts until a total is finite again, and is told once. On an accelerator it is told
    when the number has arrived, some updates later: the words name the step at which it happened.

    Args:
        run: Is told.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._waiting: deque[Look] = deque(maxlen=_WAITING)
        self._sound: int | None = None  # the last step at which all was well
        self._going_on = False

    @property
    def going_on(self) -> bool:
        """Whether the last look that was judged was bad."""
        return self._going_on

    def add(self, names: Sequence[str], norms: Any, total: Any) -> None:
        """Judge a look as soon as its total is on the host; starts its copy, waits for nothing."""
        arrived = None
        if total.is_cuda:
            torch = sys.modules["torch"]
            total = total.to("cpu", non_blocking=True)  # to pinned memory
            arrived = torch.cuda.Event()
            arrived.record(torch.cuda.current_stream(norms.device))
        elif total.device.type != "cpu":
            self.settle()  # no event to ask: a look is read when the next one comes
        self._waiting.append(Look(self._run.step, names, norms, total, arrived))
        if arrived is not None or total.device.type == "cpu":
            self.settle()

    def settle(self, *, wait: bool = False) -> None:
        """Judge what has arrived; with `wait` everything."""
        while self._waiting:
            arrived = self._waiting[0].arrived
            if arrived is not None and wait:
                arrived.synchronize()
            elif arrived is not None and not arrived.query():
                return
            self._judge(self._waiting.popleft())

    def _judge(self, look: Look) -> None:
        if math.isfinite(float(look.total)):
            self._sound, self._going_on = look.step, False
        elif not self._going_on:
            self._going_on = True
            since = look.step if self._sound is None else self._sound + 1
            self._run.event(f"{_culprit(look, since)} {_when(since, look.step)}", level="WARNING")


def _culprit(look: Look, since: int) -> str:
    values = look.norms.tolist()  # the one closer look
    bad = [
        (name, value)
        for name, value in zip(look.names, values, strict=True)
        if not math.isfinite(value)
    ]
    if not bad:
        return "the gradients together became too large for a number"
    kind = "NaN" if any(math.isnan(value) for _, value in bad) else "infinite"
    if len(bad) == len(values) > 1:
        all_of_them = f"the gradients of all {len(bad)} parameters became {kind}, as they do from"
        if since < look.step:  # the update with the one that was first has spoilt the weights
            return (
                f"{all_of_them} a bad loss, by clipping, or after one bad gradient, which "
                f"monitors.Monitors(gradients=1) names,"
            )
        return f"{all_of_them} a bad loss or by clipping,"
    # backward runs from the loss to the input, and what is bad stays so: the last is the first
    name, _ = bad[-1]
    before = f" (and of {len(bad) - 1} parameters before it)" if len(bad) > 1 else ""
    return f"gradient of {name}{before} became {kind}"


def _when(since: int, step: int) -> str:
    return f"at step {step}" if since >= step else f"between step {since} and {step}"
