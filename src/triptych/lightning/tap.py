"""`Tap`: what a module's `forward` returned, where its step returns nothing but a loss."""

from __future__ import annotations

from typing import Any

from torch import nn


class Tap:
    """Listens to one module until it is closed.

    Args:
        module: The module; with DDP the one inside.
    """

    def __init__(self, module: nn.Module) -> None:
        self._output: Any = None
        self._handle = module.register_forward_hook(self._keep)

    def close(self) -> Any:
        """What `forward` returned last; None if it was not called."""
        self._handle.remove()
        output, self._output = self._output, None
        return output

    def _keep(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        self._output = output
