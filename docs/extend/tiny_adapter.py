"""A framework with three hooks, and what connects it."""

from collections.abc import Callable, Mapping
from typing import Any

import triptych


class TinyTrainer:
    """Somebody's trainer: it calls its callbacks, and knows nothing of Triptych."""

    def __init__(self, callbacks: list[Any], updates: int) -> None:
        self.callbacks = callbacks
        self.updates = updates

    def fit(self, train_step: Callable[[int], float]) -> None:
        """Train."""
        self._tell("on_begin", {"updates": self.updates})
        try:
            for number in range(self.updates):
                self._tell("on_update")
                self._tell("on_loss", train_step(number))
        except BaseException as error:
            self._tell("on_end", error)
            raise
        self._tell("on_end", None)

    def _tell(self, hook: str, *what: Any) -> None:
        for callback in self.callbacks:
            getattr(callback, hook)(*what)


class TinyCallback:
    """Its hooks as calls of `Run`."""

    def __init__(self, project: str, **run_arguments: Any) -> None:
        self._project = project
        self._arguments = run_arguments

    def on_begin(self, settings: Mapping[str, Any]) -> None:
        """Open the run."""
        self.run = triptych.run(self._project, config=settings, **self._arguments)

    def on_update(self) -> None:
        """Move the step."""
        self.run.advance()

    def on_loss(self, loss: float) -> None:
        """Log it."""
        self.run.log({"train/loss": loss})

    def on_end(self, error: BaseException | None) -> None:
        """Say how it ended."""
        if error is not None:
            self.run.ended_by(error)
        self.run.close()


if __name__ == "__main__":
    TinyTrainer([TinyCallback("tiny")], updates=5).fit(lambda number: 1 / (number + 1))
