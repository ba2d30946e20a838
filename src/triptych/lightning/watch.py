"""`Watch`: how gradients and parameters are distributed, every so many steps."""

from __future__ import annotations

from functools import partial
from typing import Literal

from torch import Tensor, nn

from triptych.lightning.lazy import LazyRun
from triptych.pipeline.cadence import Every
from triptych.visuals import Histogram

What = Literal["gradients", "parameters", "all"] | None


class Watch:
    """Logs histograms at "gradients/<name>" and "parameters/<name>" during the backward pass.

    With accumulation, the gradient is what has been gathered so far.

    Args:
        lazy: The run; nothing is watched before it opens.
        model: Whose parameters.
        what: "gradients", "parameters", or "all".
        every: Steps between two histograms.
    """

    def __init__(self, lazy: LazyRun, model: nn.Module, what: What, every: int) -> None:
        self._lazy = lazy
        self._what = what
        self._gate = Every(steps=every).gate()
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                parameter.register_post_accumulate_grad_hook(  # type: ignore[no-untyped-call]
                    partial(self._look, name)
                )

    def _look(self, name: str, parameter: Tensor) -> None:
        run = self._lazy.current
        if run is None or not self._gate.due(name, run.clock.stamp()):
            return
        if self._what in ("gradients", "all") and parameter.grad is not None:
            gradient = parameter.grad.detach()
            run.log({f"gradients/{name}": lambda: Histogram(gradient)})
        if self._what in ("parameters", "all"):
            run.log({f"parameters/{name}": lambda: Histogram(parameter.detach())})
