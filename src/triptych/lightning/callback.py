"""`VisualCallback`: pictures of what a model does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from lightning.pytorch import Callback, LightningModule, Trainer

from triptych.draws.pictures import Draw
from triptych.lightning.artist import Artist
from triptych.lightning.logger import RerunLogger
from triptych.pipeline.cadence import Every
from triptych.rank import is_writer
from triptych.training.run import Run

Stage = Literal["train", "val", "test", "predict"]

STAGES: tuple[Stage, ...] = ("train", "val", "test", "predict")


class VisualCallback(Callback):
    """Draws batches and what came out of them, through the `RerunLogger` of the same Trainer.

    A draw gets copies of the first samples, detached and on the host, and what `training_step`,
    `validation_step`, `test_step` or `predict_step` returned. It runs without gradients. One that
    raises is told once with its traceback; the training is not touched.

    Args:
        draw: A function `draw(batch, outputs, module) -> {path: visual}`. By default one is found
            by the shapes: classification, segmentation or detection, at "<stage>/samples/<i>/…". If
            the step returns no predictions, it draws what the module's `forward` returned.
        every: How often a stage is drawn, asked before anything is built; None is
            `Every(steps=50)`. The cadence of each sink comes on top: W&B takes eight of a path in
            an epoch.
        stages: Which of "train", "val", "test" and "predict" are drawn. The sanity check is not.
        samples: How many samples of a batch a draw gets.
        follow: Draw the first so many samples of the first validation batch at each validation,
            whatever `every` says: the same ones, as long as the loader does not shuffle. 0: none.

    Raises:
        ValueError: If a stage is unknown, or a number is out of range.
    """

    def __init__(
        self,
        draw: Draw | None = None,
        every: Every | None = None,
        stages: Sequence[Stage] = ("train", "val"),
        samples: int = 8,
        follow: int = 0,
    ) -> None:
        if isinstance(stages, str) or not set(stages) <= set(STAGES):
            raise ValueError(f"The stages are some of {', '.join(STAGES)}, not {stages!r}.")
        if samples < 1 or follow < 0:
            raise ValueError(
                f"samples is at least 1 and follow at least 0: got {samples!r} and {follow!r}."
            )
        self._artist = Artist(draw, every or Every(steps=50))
        self._stages = frozenset(stages)
        self._samples = samples
        self._follow = follow
        self._logger: RerunLogger | None = None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Find the logger, on the rank that writes."""
        found = [one for one in trainer.loggers if isinstance(one, RerunLogger)]
        self._logger = found[0] if found and is_writer() else None
        if not found and not getattr(trainer, "fast_dev_run", False):
            self._artist.tell(
                "VisualCallback needs a RerunLogger in the Trainer: nothing is drawn."
            )

    @property
    def _run(self) -> Run | None:
        return self._logger.run if self._logger is not None else None

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Ask whether this batch is drawn."""
        self._ask("train", pl_module)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Draw it."""
        self._show("train", batch, outputs, pl_module)

    def on_validation_batch_start(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Ask whether this batch is drawn, or is the one to follow."""
        if trainer.sanity_checking:
            return
        if not self._follow:
            self._ask("val", pl_module)
        elif batch_idx == 0 and dataloader_idx == 0 and self._logger is not None:
            self._artist.want(self._follow, pl_module)

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Draw it."""
        self._show("val", batch, outputs, pl_module)

    def on_test_batch_start(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Ask whether this batch is drawn."""
        self._ask("test", pl_module)

    def on_test_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Draw it."""
        self._show("test", batch, outputs, pl_module)

    def on_predict_batch_start(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Ask whether this batch is drawn."""
        self._ask("predict", pl_module)

    def on_predict_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Draw it."""
        self._show("predict", batch, outputs, pl_module)

    def _ask(self, stage: Stage, module: LightningModule) -> None:
        run = self._run if stage in self._stages else None
        if run is not None:
            self._artist.ask(run, stage, self._samples, module)

    def _show(self, stage: Stage, batch: Any, outputs: Any, module: LightningModule) -> None:
        run = self._run if self._artist.busy else None
        if run is not None:
            follow = stage == "val" and self._follow > 0
            self._artist.show(run, stage, batch, outputs, module, follow=follow)
