"""`Monitoring`: the monitors of a training, driven by the events of a Trainer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from triptych.hf.settings import total_batch
from triptych.monitors import Monitors, Watching
from triptych.training.run import Run

_LOGGED = ("train/grad_norm", "train/lr")  # by the Trainer; its rate is "train/learning_rate"


class Monitoring:
    """Watches from the beginning of a training to its end.

    The gradients are looked at before the Trainer clips them: afterwards one that is NaN has made
    all of them NaN. Under a loss scaler they are looked at when the optimizer steps, which it does
    not where they overflow.

    Args:
        monitors: How often each monitor looks; None for no monitors.
    """

    def __init__(self, monitors: Monitors | None) -> None:
        self._monitors = monitors
        self._watching: Watching | None = None
        self._clipper: Any = None  # whose method we stand before
        self._samples = 0  # of an update

    def __getstate__(self) -> dict[str, Any]:
        return {"_monitors": self._monitors, "_watching": None, "_clipper": None, "_samples": 0}

    def begin(self, run: Run, args: Any, state: Any, context: dict[str, Any], trainer: Any) -> None:
        """A training begins, or begins again after it has failed."""
        self.end()
        if self._monitors is None or not run.active:
            return
        optimizer = context.get("optimizer")
        optimizers = [] if optimizer is None else [optimizer]
        self._samples = total_batch(args, state)
        self._watching = Watching(run, context["model"], optimizers, self._monitors, known=_LOGGED)
        run.observe(self._watching)
        self._watching.hook()
        accelerator = getattr(trainer, "accelerator", None)
        if accelerator is not None and getattr(accelerator, "scaler", None) is None:
            self._clipper = accelerator
            accelerator.clip_grad_norm_ = _before(accelerator.clip_grad_norm_, self._watching.look)

    def end(self) -> None:
        """It is over, or has failed."""
        if self._watching is not None:
            self._watching.close()
            self._watching = None
        if self._clipper is not None:
            del self._clipper.clip_grad_norm_
            self._clipper = None

    def epoch_begins(self) -> None:
        """The first batch is fetched."""
        if self._watching is not None:
            self._watching.pass_begins()

    def update_begins(self) -> None:
        """All its batches are there: the Trainer fetches them together."""
        if self._watching is not None:
            self._watching.batch_begins()

    def update_ends(self) -> None:
        """The optimizer has stepped."""
        if self._watching is not None:
            self._watching.batch_ends(update=True, samples=self._samples)

    def logged(self) -> None:
        """To log its loss the Trainer has waited for the device, which was at work."""
        if self._watching is not None:
            self._watching.work()

    def saved(self) -> None:
        """A checkpoint is on disk; nobody has said when it began, but nothing else was done."""
        if self._watching is not None:
            self._watching.pause_was("checkpoint")

    def evaluation_begins(self) -> None:
        """Training stands still."""
        if self._watching is not None:
            self._watching.pause_begins()

    def evaluation_ends(self, phase: str) -> None:
        """It goes on."""
        if self._watching is not None:
            self._watching.pause_ends(phase)


def _before(method: Callable[..., Any], look: Callable[[], None]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        look()
        return method(*args, **kwargs)

    return call
