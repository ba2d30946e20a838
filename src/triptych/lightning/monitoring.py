"""`Monitoring`: the monitors of a training, driven by Lightning's hooks."""

from __future__ import annotations

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from torch.optim import Optimizer

from triptych.lightning.lazy import LazyRun
from triptych.monitors import Monitors, Watching


class Monitoring(Callback):
    """Puts itself last among the callbacks of a Trainer: what the others do is no waiting for data.

    The gradients are looked at before Lightning clips them. A gradient that overflows under a loss
    scaler is no incident: those steps are not made.

    Args:
        lazy: The run.
        monitors: How often each monitor looks.
    """

    def __init__(self, lazy: LazyRun, monitors: Monitors) -> None:
        self._lazy = lazy
        self._monitors = monitors
        self._watching: Watching | None = None
        self._updates = 0  # as Lightning counts, each optimizer's

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_watching": None}  # threads and hooks stay in their process

    def attach(self, trainer: Trainer) -> None:
        """An entry point of the Trainer begins."""
        callbacks = trainer.callbacks  # type: ignore[attr-defined]  # set by a connector
        if self not in callbacks:
            callbacks.append(self)

    def saved(self) -> None:
        """A model has been saved."""
        if self._watching is not None:
            self._watching.pause_ends("checkpoint")

    # ---- what Lightning calls

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The optimizers are known."""
        self._end()
        run = self._lazy.open()
        if run is None:
            return
        self._watching = Watching(
            run, pl_module, trainer.optimizers, self._monitors, processes=trainer.world_size
        )
        run.observe(self._watching)
        if getattr(trainer.precision_plugin, "scaler", None) is not None:
            self._watching.hook()
        self._updates = trainer.global_step

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The first batch is fetched."""
        if self._watching is not None:
            self._watching.pass_begins()

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """The batch is there."""
        if self._watching is not None:
            self._watching.batch_begins()

    def on_before_optimizer_step(
        self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer
    ) -> None:
        """The gradients are complete, and not clipped yet."""
        if self._watching is not None and not self._watching.hooked:
            self._watching.look(optimizer)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """The batch is trained on; it was an update if some optimizer stepped."""
        if self._watching is not None:
            stepped = trainer.global_step != self._updates
            self._updates = trainer.global_step
            self._watching.batch_ends(batch, update=stepped)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Training stands still."""
        if self._watching is not None:
            self._watching.pause_begins()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """It goes on."""
        if self._watching is not None:
            self._watching.pause_ends("val")

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """The logger hears when it is done."""
        if self._watching is not None:
            self._watching.pause_begins()

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log what was measured last; models that are saved after this are not timed."""
        self._end()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """The same."""
        self._end()

    def _end(self) -> None:
        if self._watching is not None:
            self._watching.close()
            self._watching = None
