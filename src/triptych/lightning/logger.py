"""`RerunLogger`: Lightning's Logger on top of a `Run`."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, Unpack

from lightning.pytorch.loggers import Logger, WandbLogger
from torch import nn

import triptych
from triptych.archive.opening import Resume
from triptych.lightning.ahead import checkpoint_ahead, read_state
from triptych.lightning.checkpoints import SavedModels
from triptych.lightning.clockwork import Clockwork
from triptych.lightning.experiment import Elsewhere, Unopened
from triptych.lightning.lazy import LazyRun
from triptych.lightning.media import MediaMethods
from triptych.lightning.monitoring import Monitoring
from triptych.lightning.watch import Watch, What
from triptych.monitors import Monitors
from triptych.pipeline.records import Status, WandbHost
from triptych.rank import is_writer
from triptych.training.options import RunOptions
from triptych.training.run import Run


class RerunLogger(MediaMethods, Logger):
    """Numbers in W&B, pictures in Rerun, words in Python logging, all on the same step.

    Step k is the k-th optimizer update, counted from 1, and what is logged until the next begins.

    Works in a Trainer and in a Fabric. In a Trainer the steps, phases, exceptions and saved models
    come by themselves, and whatever step Lightning says with a number is not asked; elsewhere the
    step is what `log_metrics` is given.

    The run opens when there is something to keep, and stays open over several calls of `fit`,
    `validate` and `test`. It ends with the process, the `with` block, `close`, or an exception in
    the Trainer. Training again after that, or from an earlier step, is a new attempt of it. Beside
    a WandbLogger it joins that logger's W&B run instead of opening its own.

    Args:
        project: What is trained; groups runs.
        name: Which training this is; by default the run id.
        save_dir: What Lightning's own loggers call `root`.
        root: Folder of all runs. Lightning's checkpoints and the CLI's config.yaml go to the
            folder of the run below it.
        resume: A run id, its folder, "latest", or what `run.state_dict()` gave: go on in that run.
            By default `fit(ckpt_path=...)` goes on in the run that saved the checkpoint, as long as
            it is there and of this project; False: never.
        run: A run that is open already. What else is said about the run is then not used, and
            closing it is not the logger's.
        log_model: Whether models that ModelCheckpoint saves become artifacts in W&B: those that
            are left at the end (True), each when it is saved ("all"), or none. Offline they wait
            for the later sync.
        checkpoint_name: Of these artifacts; by default "model-<run id>".
        prefix: Put before the names of numbers, with a "-".
        monitors: Whether to watch time, throughput, gradients and the machine in a Trainer, or how
            often: see `triptych.monitors.watch`.
        **options: Further arguments of `triptych.run`, such as `tags` and `live`. Hyperparameters
            of the module are added to its `config`.

    Raises:
        TypeError: If `triptych.run` does not take one of the options.
    """

    LOGGER_JOIN_CHAR = "-"

    def __init__(
        self,
        project: str = "lightning_logs",
        name: str | None = None,
        save_dir: str | os.PathLike[str] | None = None,
        *,
        root: str | os.PathLike[str] = "runs",
        resume: Resume | Literal[False] | None = None,
        run: Run | None = None,
        log_model: Literal["all"] | bool = False,
        checkpoint_name: str | None = None,
        prefix: str = "",
        monitors: bool | Monitors = True,
        **options: Unpack[RunOptions],
    ) -> None:
        super().__init__()
        root = root if save_dir is None else save_dir
        self._lazy = LazyRun(project, name, root=root, resume=resume, run=run, options=options)
        self._clockwork = Clockwork(self._lazy)
        chosen = Monitors() if monitors is True else monitors
        self._monitoring = Monitoring(self._lazy, chosen) if chosen else None
        self._models = SavedModels(log_model, checkpoint_name)
        self._prefix = prefix
        self._driven = False
        self._ahead: Path | None = None  # a checkpoint that was looked into

    # ---- what it is

    @property
    def run(self) -> Run | None:
        """The run, opened now if it was not yet; None on ranks that do not write."""
        return self._lazy.open()

    @property
    def experiment(self) -> Any:
        """The `triptych.Run`; before it opens, what opens it at its first use.

        On other ranks something that takes everything and does nothing.
        """
        if self._lazy.current is not None:
            return self._lazy.current
        self._look_ahead()
        return Unopened(self._open) if is_writer() else Elsewhere(triptych.run("elsewhere"))

    @property
    def name(self) -> str:
        """Empty: Lightning makes folders of it, and `save_dir` is that of the run already."""
        return ""

    @property
    def version(self) -> str:
        """Empty, as `name` is; the run id is `experiment.id`."""
        return ""

    @property
    def save_dir(self) -> str:
        """The run folder, which need not exist yet: models go to "checkpoints" below it."""
        self._look_ahead()
        return str(self._lazy.folder.path)

    @property
    def log_dir(self) -> str:
        """The run folder."""
        return self.save_dir

    # ---- what Lightning calls

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Log numbers.

        Args:
            metrics: Names and numbers. In a Trainer the "epoch" that Lightning adds is left out:
                every number carries it anyway.
            step: Counts in Fabric and without a Trainer.
        """
        run = self._lazy.current or self._lazy.open()
        if run is None:
            return
        if not self._driven:
            if step is not None:
                run.clock.restore(step)
        elif "epoch" in metrics:
            metrics = {name: metrics[name] for name in metrics if name != "epoch"}
        if self._prefix:
            before = self._prefix + self.LOGGER_JOIN_CHAR
            metrics = {before + name: value for name, value in metrics.items()}
        run.log(metrics)

    def log_hyperparams(
        self, params: dict[str, Any] | Namespace, *args: Any, **kwargs: Any
    ) -> None:
        """Add hyperparameters to the configuration; names that begin with "_" are Lightning's."""
        given = vars(params) if isinstance(params, Namespace) else dict(params)
        settings = {key: value for key, value in given.items() if not str(key).startswith("_")}
        if is_writer():
            self._lazy.configure(settings)

    def log_graph(self, model: Any, input_array: Any = None) -> None:
        """Meet the Trainer: Lightning calls this at the start of each of its entry points."""
        trainer = getattr(model, "_trainer", None)
        if trainer is None or not is_writer():
            return
        self._driven = True
        host = next((one for one in trainer.loggers if _is_wandb_logger(one)), None)
        if host is not None:
            self._lazy.host = WandbHost(host.experiment, "trainer/global_step", -1)
        self._clockwork.attach(trainer, model)
        if self._monitoring is not None:
            self._monitoring.attach(trainer)

    def after_save_checkpoint(self, checkpoint_callback: Any) -> None:
        """Note a saved model, with its score, at its step."""
        run = self.run
        if run is None:
            return
        self._models.saved(run, checkpoint_callback)
        if self._monitoring is not None:
            self._monitoring.saved()

    def finalize(self, status: str) -> None:
        """An entry point is over: flush. After an exception, record it and close."""
        if status == "failed":
            # Lightning calls this while it handles the exception, and does not pass it
            self._lazy.fail(sys.exception())
            self._lazy.end()
        elif self._lazy.current is not None:
            if status == "success":
                self._models.finished(self._lazy.current)
            self._lazy.current.flush()

    # ---- the end

    def close(self, status: Status | str | None = None, timeout: float = 30.0) -> bool:
        """End the run; say whether everything has arrived. See `Run.close`."""
        return self._lazy.end(status, timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lazy.fail(error)
        self.close()

    # ---- what can be looked at

    def watch(
        self, model: nn.Module, log: What = "gradients", log_freq: int = 100, log_graph: bool = True
    ) -> None:
        """Log histograms of gradients and parameters, and the model as text.

        Args:
            model: Whose parameters.
            log: "gradients", "parameters", "all", or None for the model's text alone.
            log_freq: Steps between two histograms.
            log_graph: Whether to log the model as text.
        """
        if log is not None:
            Watch(self._lazy, model, log, log_freq)
        if log_graph:
            described = {"model": triptych.Text(str(model))}
            if self._lazy.current is None:  # people watch before they train, also where they spawn
                self._lazy.opening.update(described)
            else:
                self._lazy.current.log(described)

    def _show(self, path: str, build: Callable[[], Any], step: int | None) -> None:
        self.log_metrics({path: build}, step)  # type: ignore[dict-item]  # run.log builds it if due

    def _look_ahead(self) -> None:
        """A Trainer asks where things lie before it loads the checkpoint that knows it."""
        path = checkpoint_ahead(self) if self._lazy.current is None else None
        if path is not None and path != self._ahead and is_writer():
            self._ahead = path
            self._lazy.continue_from(read_state(path))

    def _open(self) -> Run | Elsewhere:
        return self.run or Elsewhere()


def _is_wandb_logger(logger: object) -> bool:
    """Whether it is a WandbLogger, of this package or of pytorch_lightning."""
    other = getattr(sys.modules.get("pytorch_lightning.loggers"), "WandbLogger", WandbLogger)
    return isinstance(logger, (WandbLogger, other))
