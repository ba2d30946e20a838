"""`RerunCallback`: the events of a Trainer as calls of `Run`."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from transformers import TrainerCallback

from triptych.hf.completions import Completions
from triptych.hf.guard import Call, find_trainer, guard
from triptych.hf.keeper import Keeper
from triptych.hf.monitoring import Monitoring
from triptych.hf.names import numbers, phase
from triptych.hf.painter import Draw, Painter
from triptych.hf.saves import aliases, checkpoint_folder, save_model, score
from triptych.hf.settings import total_batch
from triptych.hf.stage import Stage
from triptych.monitors import Monitors
from triptych.pipeline.cadence import Cadence, Every
from triptych.rank import is_writer
from triptych.training.run import Run

log = logging.getLogger("triptych")


class RerunCallback(TrainerCallback):
    """Numbers, pictures, words and failures of a Trainer, at the steps of `state.global_step`.

    Opens its run when training, evaluation or prediction begins, and leaves it open for what comes
    after; it ends with the process, with `close`, with `with callback:`, or when a call of the
    Trainer raises. Training that starts again (a second `train()`, smaller batches after
    `auto_find_batch_size`, a checkpoint) is a new attempt of the same run; in a hyperparameter
    search each trial is a run, and all have one group. Beside `report_to="wandb"` it is a guest in
    that W&B run, and sends it no numbers.

    Args:
        run: A run of yours, which you close. By default the callback opens its own.
        draw: `draw(inputs, outputs, model) -> {path: visual}`, and `processing_class` too if that
            is one of its parameters. It is given what a batch really held, in training and in
            evaluation; a path goes below "train", "eval", "eval/<set>" or "test". By default one
            that fits batch and outputs; False for none. If it raises, that is told once.
        every: How often it draws; asked for each place before anything is kept. Pictures may be
            thinned further by the sinks, such as W&B's.
        follow: How many samples at the start of each evaluation set are drawn in every evaluation,
            each at a path of its own, such as "eval/sample-0".
        log_model: "checkpoint" makes each saved checkpoint an artifact in W&B, "end" the model as
            it is after training. Every save is marked at its step in any case.
        monitors: Whether to watch time, throughput, gradients and the machine, or how often: see
            `triptych.monitors.watch`. The total gradient norm and the learning rate are those
            that the Trainer logs.
        **run_arguments: For `triptych.run`. The project is by default that of the arguments
            (`TrainingArguments(project=...)`), and the name their `run_name`. Without `resume`, a
            checkpoint of a run in this project goes on in that run, as long as its folder is there;
            with `resume=False` it never does.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If `follow` or `log_model` has no such value.
    """

    def __init__(
        self,
        run: Run | None = None,
        *,
        draw: Draw | Literal[False] | None = None,
        every: Cadence = Every(steps=50),  # noqa: B008  # frozen
        follow: int = 0,
        log_model: Literal[False, "end", "checkpoint"] = False,
        monitors: bool | Monitors = True,
        **run_arguments: Any,
    ) -> None:
        if log_model not in (False, "end", "checkpoint"):
            raise ValueError(f'log_model is False, "end" or "checkpoint", not {log_model!r}.')
        self._keeper = Keeper(run, run_arguments)
        self._painter = Painter(draw, every, follow)
        self._stage = Stage(self._painter)
        self._completions = Completions()
        chosen = Monitors() if monitors is True else monitors or None
        self._monitoring = Monitoring(chosen)
        self._log_model = log_model
        self._trainer: Any = None
        self._depth = 0  # calls of the Trainer that are running, one within the other
        self._epochs = 0  # begun in this training
        self._hidden = False  # whether the loss was not finite since it was last logged
        self._told = False
        self._evaluated: tuple[int, Mapping[str, Any]] = (0, {})  # step and metrics

    def __getstate__(self) -> dict[str, Any]:
        # A run stays in its process: what arrives elsewhere continues with a run of its own.
        keeper, stage = self._keeper.without_run(), Stage(self._painter)
        return {**self.__dict__, "_keeper": keeper, "_stage": stage, "_trainer": None}

    @property
    def run(self) -> Run | None:
        """The run; None before training or evaluation has begun. Log to it as you like."""
        return self._keeper.run

    def close(self) -> bool:
        """End the run, unless it is yours; say whether everything logged has arrived."""
        self._stage.leave()
        return self._keeper.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._keeper.fail(error)
        self.close()

    # ---- training

    def on_init_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Stand around the calls of the Trainer."""
        self._attend()

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Open the run, or begin its next attempt."""
        self._attend()
        run = self._keeper.begin_training(args, state, kwargs["model"], self._trainer)
        self._epochs, self._hidden, self._told = int(state.epoch or 0), False, False
        # A look at the loss waits for the device. Where the filter is on, the Trainer does so too.
        watch_loss = args.logging_nan_inf_filter and args.device.type != "xla"
        self._stage.begin_training(run, kwargs["model"], watch_loss=watch_loss)
        self._monitoring.begin(run, args, state, kwargs, self._trainer)

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Count epochs: where the data has no length, `state.epoch` does not."""
        self._stage.begin_epoch(self._epochs)
        self._epochs += 1
        self._monitoring.epoch_begins()

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """The next update begins: `state.global_step` counts those that are done."""
        if self.run is not None:
            self._completions.log(self.run)
            self.run.restore(state.global_step + 1)
        self._monitoring.update_begins()

    def on_substep_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """A batch is through which did not complete its update."""
        self._stage.paint(kwargs)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """An update is done."""
        self._keeper.end_update(state)
        self._stage.paint(kwargs)
        loss = self._stage.bad_loss()
        if loss is not None:
            self._hidden = True
            self._tell("loss", loss)
        self._monitoring.update_ends()

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Hand over everything; the run stays open for what comes after training."""
        self._monitoring.end()
        run = self._keeper.end_training()
        self._stage.leave()
        if run is None:
            return
        self._completions.log(run)
        if self._log_model == "end" and is_writer():
            folder = run.dir / "checkpoints" / f"step-{run.step}"
            save_model(folder, kwargs["model"], kwargs.get("processing_class"))
            self._note(run, folder, ["final", "latest"], {}, upload=True)
        run.flush()

    # ---- evaluation

    def on_prediction_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """A batch of an evaluation is through."""
        if not self._stage.depth:  # added to the Trainer later, so nobody said that one begins
            run = self._keeper.open(args, state, kwargs["model"], None)
            self._stage.begin_evaluation(run, "eval", kwargs["model"])
        self._stage.paint(kwargs)

    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Its numbers came with `on_log`."""
        self._end_unguarded()

    def on_predict(self, args: Any, state: Any, control: Any, metrics: Any, **kwargs: Any) -> None:
        """The only event that brings the numbers of `predict`."""
        run = self._keeper.open(args, state, kwargs["model"], self._trainer)
        run.log(numbers(metrics))
        self._end_unguarded()

    # ---- both

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Numbers of a window of updates, or of an evaluation."""
        run = self._keeper.open(args, state, kwargs["model"], self._trainer)
        logs = kwargs["logs"]
        found = numbers(logs)
        if "train/loss" in found:
            self._monitoring.logged()
            if self._hidden:
                found["train/loss"], self._hidden = math.nan, False
            found["train/samples_seen"] = state.global_step * total_batch(args, state)
            norm = found.get("train/grad_norm")
            if isinstance(norm, float) and not math.isfinite(norm):
                self._tell("gradient norm", norm)
        elif self._stage.depth:
            self._evaluated = (run.step, dict(logs))
        run.log(found)
        self._completions.expect(args, state.global_step)

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """A checkpoint is on disk."""
        run = self.run
        if run is not None:
            step, metrics = self._evaluated
            found = score(args, metrics) if step == run.step else {}
            upload = self._log_model == "checkpoint"
            self._note(run, checkpoint_folder(args, state), aliases(state), found, upload=upload)
            self._monitoring.saved()

    # ---- within

    def _attend(self) -> None:
        trainer = find_trainer(self)
        if trainer is not None:
            self._trainer = trainer
            guard(trainer, self, self._around)

    @contextmanager
    def _around(self, call: Call) -> Iterator[None]:
        trainer, depth = self._trainer, self._stage.depth
        self._depth += 1
        try:
            if call.name == "train" and trainer.hp_search_backend is not None:
                self._keeper.end_trial()  # before the Trainer's WandbCallback finishes its run
            if call.prefix:
                run = self._keeper.open(trainer.args, trainer.state, trainer.model, trainer)
                self._stage.begin_evaluation(run, call.prefix, trainer.model)
                self._monitoring.evaluation_begins()
            yield
        except BaseException as error:
            if call.name == "train" or self._depth == 1:
                self._keeper.fail(error)
            raise
        finally:
            self._depth -= 1
            self._stage.end_evaluations(depth)
            if call.prefix:
                self._monitoring.evaluation_ends(phase(call.prefix))
            if self._depth == 0:
                self._stage.leave()
                self._monitoring.end()
            if call.name == "hyperparameter_search":
                self._keeper.end_trial()

    def _end_unguarded(self) -> None:
        if self._depth == 0:
            self._stage.end_evaluations(0)

    def _tell(self, what: str, value: float) -> None:
        if not self._told and self.run is not None:
            self._told = True
            self.run.event(
                f"the {what} is {value} at step {self.run.step}; the Trainer's "
                f"logging_nan_inf_filter shows such a loss as 0 or as the mean of earlier ones"
            )

    def _note(
        self, run: Run, path: Path, names: list[str], metrics: dict[str, float], *, upload: bool
    ) -> None:
        try:
            run.checkpoint(path, metrics=metrics, aliases=names, upload=upload)
        except OSError:
            log.exception("%s cannot be kept for W&B; training goes on.", path)
