"""`StepHooks`: called by a torch optimizer just before it changes the weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class StepHooks:
    """Looks when the gradients are complete and the update has not been made.

    Args:
        optimizer: A `torch.optim.Optimizer`.
        look: Must not raise.
    """

    def __init__(self, optimizer: Any, look: Callable[[], None]) -> None:
        self._look = look
        self._handles = [optimizer.register_step_pre_hook(self._before)]

    def remove(self) -> None:
        """Look no longer."""
        for handle in self._handles:
            handle.remove()

    def _before(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if not _closure(args, kwargs):
            self._look()
        elif len(self._handles) == 1:  # few optimizers are given one, and each hook costs
            self._handles.append(optimizer.register_step_post_hook(self._after))

    def _after(self, _optimizer: Any, args: Any, kwargs: Any) -> None:
        if _closure(args, kwargs):  # which computes the gradients within the step
            self._look()


def _closure(args: Any, kwargs: Any) -> Any:
    return args[1] if len(args) > 1 else kwargs.get("closure")  # the first is the optimizer itself
