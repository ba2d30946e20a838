"""`Keeper`: opens the run of a callback when it is needed, and ends it as it went."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from triptych.hf.settings import describe
from triptych.pipeline.records import WandbHost
from triptych.training import start
from triptych.training.resume import continue_run
from triptych.training.run import Run

_ORIGIN = "triptych"
"""Key under which a checkpoint's `trainer_state.json` names the run that it came from."""


class Keeper:
    """Keeps one run after the other: one for a callback, or one for each trial of a search.

    Args:
        run: The user's run, which is the user's to close; None for runs of its own.
        arguments: For `triptych.run`; `resume=False` begins a new run from a checkpoint, too.

    Attributes:
        run: The present run, or the last one; None before the first.

    Raises:
        TypeError: If there are both a run and arguments, or one that `triptych.run` does not take.
    """

    def __init__(self, run: Run | None, arguments: dict[str, Any]) -> None:
        if not (run is None or isinstance(run, Run)):
            raise TypeError(f"run is what triptych.run(...) gives, or None, not {run!r}.")
        if run is not None and arguments:
            raise TypeError(
                f"The run is open already: give {', '.join(arguments)} to triptych.run."
            )
        inspect.signature(start.run).bind_partial(**arguments)
        self.run = run
        self._training = False
        self._given = run is not None
        self._arguments = arguments
        self._settings: Mapping[str, Any] = {}
        self._trials = 0
        self._in_trial = False
        self._trained: tuple[str, int] | None = None  # run and attempt

    def begin_training(self, args: Any, state: Any, model: Any, trainer: Any) -> Run:
        """A run at the step from which training goes on, in an attempt that has not trained yet."""
        if state.is_hyper_param_search and not self._training:
            self.end_trial()
            self._in_trial = True
            self._trials += 1
        run = self.open(args, state, model, trainer)
        if self._trained == (run.id, run.info.attempt) or run.step > state.global_step:
            run.begin_attempt()
        self._configure(run, describe(args, model, state.trial_params))
        run.restore(state.global_step)
        if run.active:
            state.stateful_callbacks[_ORIGIN] = run.state_dict()
        self._trained = (run.id, run.info.attempt)
        self._training = True
        return run

    def end_update(self, state: Any) -> None:
        """What is saved from now on is of this step."""
        origin = state.stateful_callbacks.get(_ORIGIN)
        if origin:
            origin["step"] = state.global_step

    def end_training(self) -> Run | None:
        """Training has come to its end."""
        self._training = False
        return self.run

    def open(self, args: Any, state: Any, model: Any, trainer: Any) -> Run:
        """The open run; one that has ended is continued, in a new attempt."""
        if self.run is not None and (self._given or self.run.exit_code is None):
            return self.run
        saved = {} if state.global_step else _state_beside(model)
        origin = state.stateful_callbacks.get(_ORIGIN) or saved.get("stateful_callbacks", {}).get(
            _ORIGIN
        )
        options = self._options(args, state)
        if self.run is not None:
            options["resume"] = self.run.dir
        if options.get("wandb", "auto") == "auto":
            options["wandb"] = _wandb_host(args, state, model, trainer) or "auto"
        self._settings = describe(args, model, state.trial_params)
        options["config"] = {**self._settings, **(options.get("config") or {})}
        self.run = continue_run(origin or {}, **options)
        self.run.restore(state.global_step or saved.get("global_step", 0))
        return self.run

    def fail(self, error: BaseException) -> None:
        """A call of the Trainer has raised: the run ends with it, unless it is the user's."""
        self._training = False
        if self.run is None:
            return
        if type(error).__name__ == "TrialPruned":  # Optuna's way to end a trial that does badly
            self.run.event(f"trial pruned: {error}" if str(error) else "trial pruned")
        else:
            self.run.ended_by(error)
        self.close()

    def close(self) -> bool:
        """End the run, unless it is the user's; say whether everything has arrived."""
        self._training = False
        if self.run is None:
            return True
        return self.run.flush() if self._given else self.run.close()

    def end_trial(self) -> None:
        """What comes next is not part of this trial of a search."""
        if self._in_trial and not self._given:
            self.close()
            self.run = None
        self._in_trial = False

    def without_run(self) -> Keeper:
        """The same for another process, which continues the run if it must: runs stay at home."""
        return Keeper(None, self._arguments)

    def _options(self, args: Any, state: Any) -> dict[str, Any]:
        options = dict(self._arguments)
        options.setdefault("project", args.project)
        named = args.run_name if args.run_name != args.output_dir else None
        options["name"] = options.get("name") or named
        if self._in_trial:
            options["group"] = (
                options.get("group") or options["name"] or f"search in {args.output_dir}"
            )
            options["name"] = state.trial_name or f"trial {self._trials}"
        return options

    def _configure(self, run: Run, settings: Mapping[str, Any]) -> None:
        if settings != self._settings:
            self._settings = settings
            run.configure(settings)


def _state_beside(model: Any) -> dict[str, Any]:
    """What the Trainer wrote beside a model that was loaded from one of its checkpoints."""
    folder = getattr(model, "name_or_path", "")
    file = Path(folder) / "trainer_state.json" if folder else None
    if file is None or not file.is_file():
        return {}
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def _wandb_host(args: Any, state: Any, model: Any, trainer: Any) -> WandbHost | None:
    """The W&B run of the Trainer's own callback, which it opens only when it first logs."""
    wandb = sys.modules.get("wandb")
    if wandb is None or not state.is_world_process_zero:
        return None
    hosts = [
        one
        for one in getattr(getattr(trainer, "callback_handler", None), "callbacks", ())
        if any(kind.__name__ == "WandbCallback" for kind in type(one).__mro__)
    ]
    if wandb.run is None and hosts:
        hosts[0].setup(args, state, model)
    if wandb.run is None or not (hosts or "wandb" in args.report_to):
        return None
    return WandbHost(wandb.run, axis="train/global_step", offset=0)
