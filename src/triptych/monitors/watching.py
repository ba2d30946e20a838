"""`watch`: all monitors at once, for a hand-written loop and for the adapters."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Collection, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self

from triptych.batches import count_samples
from triptych.monitors.gradients import Gradients
from triptych.monitors.hooks import StepHooks
from triptych.monitors.pace import Pace
from triptych.monitors.settings import Monitors
from triptych.monitors.spikes import Spikes
from triptych.monitors.system import System

if TYPE_CHECKING:
    from triptych.pipeline.records import Columns
    from triptych.training.run import Run

log = logging.getLogger("triptych")

Given = ParamSpec("Given")

_Method = Callable[Concatenate["Watching", Given], None]


def _never_raises(method: _Method[Given]) -> _Method[Given]:
    """A monitor that fails is told once and ends; the training goes on."""

    @functools.wraps(method)
    def call(self: Watching, /, *args: Given.args, **kwargs: Given.kwargs) -> None:
        if not self.active:
            return
        try:
            method(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001
            self._give_up(error)

    return call


def watch(
    run: Run,
    model: Any = None,
    optimizer: Any = (),
    monitors: Monitors | None = None,
    *,
    processes: int = 1,
) -> Watching:
    """Watch a training, from now until the run closes or `close` is called.

        triptych.monitors.watch(run, model, optimizer)
        for batch in run.steps(loader): ...

    What is logged, with the default settings:

    - Every 50 updates, as measured by `run.steps`: "time/step_p50", "_p95" and "_p99" (seconds an
      update takes), "time/data_wait" (seconds of it), "system/data_wait" (percent of it),
      "throughput/steps_per_second" and "throughput/samples_per_second".
    - Whenever a `run.phase` ends: "time/<phase>" (seconds).
    - Just before an update: "train/grad_norm" and "train/lr" ("train/lr/<group>" where groups of
      parameters differ).
    - Every 50 updates: "train/weight_norm", "grad_norm/<module>" and "weight_norm/<module>", for
      at most 16 modules.
    - Every 10 seconds: processor, memory and GPUs, as `System` describes.
    - An event that names the gradient or loss which stops being finite, or the loss that jumps.

    The gradients are looked at when the optimizer is about to step, so after any clipping. Call
    `look()` before you clip to see them as they were: clipping by a norm that is NaN makes all of
    them NaN. With sharded parameters the norms are those of this process's part.

    Args:
        run: Where everything goes. On a rank that does not write nothing is done.
        model: A `torch.nn.Module`, for the names of the parameters.
        optimizer: A `torch.optim.Optimizer`, or several. Each then has paths of its own:
            "train/grad_norm/0".
        monitors: How often each looks.
        processes: How many processes train side by side, each on batches of its own.
    """
    watching = Watching(run, model, optimizer, monitors or Monitors(), processes=processes)
    run.observe(watching)
    watching.hook()
    return watching


class Watching:
    """The monitors of one run; a context manager. Made by `watch`, and by the adapters.

    Nothing here raises because of a monitor: one that fails is told once, and all end.

    Args:
        run: As for `watch`.
        model: As for `watch`.
        optimizer: As for `watch`.
        monitors: How often each looks.
        processes: As for `watch`.
        known: Paths that are not logged, because the framework does.
    """

    def __init__(
        self,
        run: Run,
        model: Any,
        optimizer: Any,
        monitors: Monitors,
        *,
        processes: int = 1,
        known: Collection[str] = (),
    ) -> None:
        self._run = run
        self._monitors = monitors
        self._open = run.active
        self._hooks: list[StepHooks] = []
        self._system: System | None = None
        self._optimizers: dict[int, tuple[Any, Gradients]] = {}
        self._pace = Pace(processes)
        self._spikes = Spikes(run)
        if not run.active:
            return
        names = (
            {id(one): name for name, one in model.named_parameters()} if model is not None else {}
        )
        several = [_innermost(one) for one in _several(optimizer)]
        for place, one in enumerate(several):
            suffix = f"/{place}" if len(several) > 1 else ""
            gradients = Gradients(run, one, names, monitors, suffix, known)
            self._optimizers[id(one)] = (one, gradients)
        if monitors.system:
            self._system = System(run, monitors.system)

    @property
    def active(self) -> bool:
        """Whether anything is watched."""
        return self._open and self._run.active

    @property
    def hooked(self) -> bool:
        """Whether the optimizers say by themselves when they step."""
        return bool(self._hooks)

    def close(self) -> None:
        """Log what was measured last, and watch no longer."""
        self.run_ends()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def stop(self) -> None:
        """Watch no longer, as things are."""
        self._open = False
        self._run.unobserve(self)
        for hooks in self._hooks:
            hooks.remove()
        self._hooks.clear()
        if self._system is not None:
            self._system.close()

    def _give_up(self, error: Exception) -> None:
        self.stop()
        log.error("The monitors have ended; training goes on.", exc_info=error)

    # ---- gradients

    def hook(self) -> None:
        """Look whenever an optimizer is about to step."""
        for optimizer, gradients in self._optimizers.values():
            if hasattr(optimizer, "register_step_pre_hook"):  # those of other libraries have none
                look = functools.partial(self._look_at, gradients)
                self._hooks.append(StepHooks(optimizer, look))

    @_never_raises
    def look(self, optimizer: Any = None) -> None:
        """Look at the gradients now: before clipping, or where there is no hook.

        Args:
            optimizer: Whose; None for all.
        """
        chosen = None if optimizer is None else id(_innermost(optimizer))
        for number, (_, gradients) in self._optimizers.items():
            if chosen in (None, number):
                gradients.look()

    def _look_at(self, gradients: Gradients) -> None:
        if self._open:
            try:
                gradients.look()
            except Exception as error:  # noqa: BLE001
                self._give_up(error)

    # ---- the loop

    @_never_raises
    def pass_begins(self) -> None:
        """A pass over the data begins; what was before belongs to no batch."""
        self._pace.pass_begins()

    # These two without the wrapper: at each update, with the training's data in the caches, every
    # function that is called costs microseconds.

    def batch_begins(self) -> None:
        """A batch is there."""
        if self._open:
            self._pace.batch_begins()

    def batch_ends(self, batch: object = None, *, update: bool, samples: int | None = None) -> None:
        """A batch is trained on.

        Args:
            batch: For the number of its samples, if that is not said.
            update: Whether its update is complete.
            samples: How many it held.
        """
        if not self._open:
            return
        try:
            pace = self._pace
            pace.batch_ends(count_samples(batch) or 0 if samples is None else samples)
            if update:
                pace.update_ends()
                if pace.updates >= self._monitors.pace:
                    self._run.log(pace.window())
        except Exception as error:  # noqa: BLE001
            self._give_up(error)

    @_never_raises
    def work(self) -> None:
        """What was since the last event was work, though no batch was at hand."""
        self._pace.batch_ends()

    @_never_raises
    def pause_begins(self) -> None:
        """The training stands still."""
        self._pace.pause_begins()

    @_never_raises
    def pause_ends(self, name: str) -> None:
        """It goes on; the seconds are logged at "time/<name>"."""
        self._run.log({f"time/{name}": self._pace.pause_ends()})

    @_never_raises
    def pause_was(self, name: str) -> None:
        """It stood still since the last event."""
        self._run.log({f"time/{name}": self._pace.set_aside()})

    @_never_raises
    def numbers(self, columns: list[Columns]) -> None:
        """Look for losses that jump; on a worker."""
        self._spikes.feed(columns)

    @_never_raises
    def run_ends(self) -> None:
        """The last window, the last looks; the numbers on their way are looked at as well."""
        self._run.log(self._pace.window())
        for _, gradients in self._optimizers.values():
            gradients.settle()
        self._run.flush(timeout=1.0)
        self.stop()


def _several(optimizer: Any) -> list[Any]:
    return list(optimizer) if isinstance(optimizer, Iterable) else [optimizer]


def _innermost(optimizer: Any) -> Any:
    """The optimizer that Lightning, accelerate and others have wrapped."""
    while hasattr(optimizer, "optimizer"):
        optimizer = optimizer.optimizer
    return optimizer
