"""What `logger.experiment` is while there is no run: before it opens, and on other ranks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from lightning.fabric.loggers.logger import _DummyExperiment

from triptych.training.run import Run


class Unopened:
    """Stands for a run that has not opened; asking it for anything opens the run.

    Lightning touches `experiment` in every entry point, also where nothing will be logged.
    """

    def __init__(self, open_run: Callable[[], Run | Elsewhere]) -> None:
        self._open_run = open_run

    def __repr__(self) -> str:
        return "<Run that opens at its first use>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # questions of copy and pickle
            raise AttributeError(name)
        return getattr(self._open_run(), name)


class Elsewhere(_DummyExperiment):
    """The run is written by another process: do as a `Run` does, and keep nothing.

    What a `Run` does not have can be asked for and called as well, as far as code for
    other back ends goes: `experiment.config.update(...)`.

    Args:
        silent: The run of a rank that does not write.
    """

    def __init__(self, silent: Run | None = None) -> None:
        self._silent = silent

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        silent = self.__dict__.get("_silent")
        return getattr(silent, name) if hasattr(silent, name) else Elsewhere()

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing."""

    def __getitem__(self, idx: Any) -> Self:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Do nothing."""
