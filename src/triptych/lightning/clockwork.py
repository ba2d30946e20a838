"""`Clockwork`: moves the clock of a run by Lightning's hooks, and learns of exceptions.

Lightning's own numbers (k-1 for loggers, k for callbacks, twice that for two optimizers, a batch
counter in validation, 0 for a checkpoint that is evaluated) are read here and nowhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightning.pytorch import Callback, LightningModule, Trainer

from triptych.lightning.lazy import LazyRun

if TYPE_CHECKING:
    from lightning.pytorch.utilities.types import STEP_OUTPUT

SAVED = "triptych"
"""Below this key a checkpoint says at which step it was saved, and in which run."""


class Clockwork(Callback):
    """Puts itself first among the callbacks of a Trainer, so that all others find the right step.

    It has no state of its own in checkpoints: Lightning would ask for it when they are loaded
    without us.

    Args:
        lazy: The run.
    """

    def __init__(self, lazy: LazyRun) -> None:
        self._lazy = lazy
        self._updates = 0  # completed; batches in which some optimizer stepped
        self._optimizer_steps = 0  # as Lightning counts: each optimizer's

    def attach(self, trainer: Trainer, module: LightningModule) -> None:
        """An entry point of the Trainer begins; the checkpoint's weights are in the module."""
        callbacks = trainer.callbacks  # type: ignore[attr-defined]  # set by a connector
        if self not in callbacks:
            callbacks.insert(0, self)
        self._lazy.renew()
        # the only trace that an evaluated checkpoint leaves (2.6): `trainer.global_step` stays 0
        connector = trainer._checkpoint_connector  # noqa: SLF001
        saved = getattr(connector, "_loaded_checkpoint", None) or {}
        if trainer.state.fn == "fit":
            self._start(trainer, module, saved)
        elif saved:
            self._lazy.move(_saved_step(saved, module), saved.get("epoch"), "test")

    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Strategies that shard the model load it only after they have met the logger."""
        if trainer.state.fn == "fit":
            self._start(trainer, pl_module, checkpoint)

    def _start(self, trainer: Trainer, module: LightningModule, saved: dict[str, Any]) -> None:
        self._lazy.continue_from(saved.get(SAVED, {}))
        start = _saved_step(saved, module) if saved else self._known_step(trainer, module)
        self._begin_training(start)
        self._optimizer_steps = int(saved.get("global_step", trainer.global_step))
        self._lazy.move(start, saved.get("epoch"), "train")

    def _known_step(self, trainer: Trainer, module: LightningModule) -> int:
        if module.automatic_optimization:
            return int(trainer.global_step)
        return self._updates if trainer.global_step == self._optimizer_steps else 0

    def _begin_training(self, start: int) -> None:
        if start < self._updates and self._lazy.current is not None:
            self._lazy.current.begin_attempt()
        self._updates = start

    # ---- where the training is

    def on_sanity_check_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Before training."""
        self._lazy.enter("sanity")

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Open the run here, where nobody minds the time, and not at the first number."""
        self._lazy.open()
        self._lazy.enter("train")

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The epoch is known, the update has not begun."""
        self._lazy.move(self._updates, trainer.current_epoch, "train")

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """A batch of the next update."""
        self._lazy.move(self._updates + 1, trainer.current_epoch, "train")

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: STEP_OUTPUT,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Count the update if there was one, however many optimizers took part."""
        if trainer.global_step != self._optimizer_steps:
            self._optimizer_steps = trainer.global_step
            self._updates += 1

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Also after validation, and after an epoch that was skipped."""
        self._lazy.move(self._updates, trainer.current_epoch, "train")

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The step stays; it ends with the next hook of training, so that all still are in it."""
        if not trainer.sanity_checking:
            self._lazy.enter("val")

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The step stays."""
        self._lazy.enter("test")

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The step stays."""
        self._lazy.enter("predict")

    # ---- what else happens

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Leave in the checkpoint what `Run.state_dict` gives; the run need not be open yet."""
        folder = self._lazy.folder
        root = str(folder.path.parent.parent)
        checkpoint[SAVED] = {"run_id": folder.id, "step": self._updates, "root": root}

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Record it at the step where it happened."""
        self._lazy.fail(exception)


def _saved_step(checkpoint: dict[str, Any], module: LightningModule) -> int:
    """At which update a checkpoint was saved, also one that was saved without us."""
    if SAVED in checkpoint:
        return int(checkpoint[SAVED]["step"])
    steps = int(checkpoint.get("global_step", 0))
    if module.automatic_optimization:
        return steps
    return steps // max(1, len(checkpoint.get("optimizer_states", ())))
