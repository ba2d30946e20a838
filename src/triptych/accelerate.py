"""Accelerate: `RerunTracker`, for `Accelerator(log_with=...)` in a loop of your own."""

from __future__ import annotations

import inspect
import json
import logging
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

try:
    from accelerate.tracking import GeneralTracker
except ImportError as error:
    raise ImportError("triptych.accelerate needs accelerate: pip install triptych[hf]") from error

from triptych.rank import is_writer
from triptych.training.resume import continue_run
from triptych.training.run import Run
from triptych.training.start import run as open_run

__all__ = ["RerunTracker"]

log = logging.getLogger("triptych")

_ORIGIN = "triptych.json"
"""In the folder of a checkpoint: the run that it came from."""


class RerunTracker(GeneralTracker):  # type: ignore[misc]  # accelerate has no types
    """A run behind accelerate's calls; `get_tracker("rerun", unwrap=True)` is the `Run` itself.

    Either `register_tracker_class(RerunTracker)` and then `Accelerator(log_with="rerun")`, or
    `Accelerator(log_with=RerunTracker("digits"))`.

    Making one opens nothing and starts no process group. The run opens at the first use after
    `init_trackers`, on the main process alone: `accelerator.load_state` before that continues the
    run that saved the checkpoint, as long as it is there and of this project. Use the run's own
    `epochs`, `steps` and `phase` to move the clock, or give each `log` its step.

    Args:
        project: As `triptych.run`; `init_trackers` passes its project name.
        run: A run of yours, which you close; then there is no need for a project.
        **run_arguments: For `triptych.run`, also as `init_kwargs={"rerun": {...}}`. With
            `resume=False`, a checkpoint never continues its run.

    Raises:
        TypeError: If there is neither a run nor a project, or an argument that `triptych.run` does
            not take.
    """

    name = "rerun"
    requires_logging_directory = False
    main_process_only = True

    def __init__(
        self, project: str | None = None, *, run: Run | None = None, **run_arguments: Any
    ) -> None:
        super().__init__()
        if run is None and project is None:
            raise TypeError('Give RerunTracker a project such as "digits", or run= an open run.')
        inspect.signature(open_run).bind_partial(**run_arguments)
        self._project = project or ""
        self._arguments = run_arguments
        self._run = run
        self._given = run is not None
        self._settings: dict[str, Any] = {}
        self._loaded: Mapping[str, Any] = {}  # what a checkpoint says of its run

    @property
    def tracker(self) -> Run:
        """The run, opened at the first use."""
        if self._run is None:
            self._run = self._open()
        return self._run

    def start(self) -> None:
        """See to it that what the Accelerator saves names the run."""
        accelerator = _accelerator_of(self)
        if accelerator is not None and is_writer():
            accelerator.register_save_state_pre_hook(self._save_state)
            accelerator.register_load_state_pre_hook(self._load_state)

    def store_init_configuration(self, values: Mapping[str, Any]) -> None:
        """Add the settings of this training to the run's configuration."""
        if self._run is None:
            self._settings.update(values)
        else:
            self._run.configure(values)

    def log(
        self, values: Mapping[str, Any], step: int | None = None, phase: str | None = None
    ) -> None:
        """Log what `run.log` takes, and words and nested numbers as accelerate's own trackers do.

        Args:
            values: Paths and values. A text becomes a `triptych.Text`, a mapping the paths below.
            step: Updates begun so far; the clock stays there. None leaves the clock alone.
            phase: In which phase this was, such as "val"; by way of
                `accelerator.log(..., log_kwargs={"rerun": {"phase": "val"}})`.
        """
        from triptych.visuals import Text

        flat = {
            path: Text(value) if isinstance(value, str) else value for path, value in _flat(values)
        }
        self._at(step, flat, phase)

    def log_images(
        self, values: Mapping[str, Iterable[Any]], step: int | None = None, **options: Any
    ) -> None:
        """Log several pictures for each path, at `<path>/0`, `<path>/1`, ….

        Args:
            values: For each path, what `triptych.Image` takes.
            step: As for `log`.
            **options: For each `triptych.Image`.
        """
        from triptych.visuals import Image

        pictures = {
            f"{path}/{place}": Image(pixels, **options)
            for path, several in values.items()
            for place, pixels in enumerate(several)
        }
        self._at(step, pictures, None)

    def log_table(
        self,
        table_name: str,
        columns: Sequence[str] | None = None,
        data: Iterable[Sequence[Any]] | None = None,
        dataframe: Any = None,
        step: int | None = None,
    ) -> None:
        """Log a table, given as columns and rows or as a pandas DataFrame.

        Raises:
            TypeError: If there is neither.
        """
        from triptych.visuals import Table

        if dataframe is not None:
            table = Table.from_frame(dataframe)
        elif columns is not None and data is not None:
            table = Table(columns, data)
        else:
            raise TypeError("log_table takes columns and data, or a dataframe.")
        self._at(step, {table_name: table}, None)

    def finish(self) -> None:
        """End the run, unless it is yours; with the exception that is on its way, if there is one.

        Accelerate calls this at the end of a training that went well; a script that calls
        `end_training` in a `finally` may have come there by an exception.
        """
        if self._run is None:
            return
        error = sys.exception()
        if error is not None:
            self._run.ended_by(error)
        if not self._given:
            self._run.close()

    def _open(self) -> Run:
        options = dict(self._arguments)
        options["config"] = {**(options.get("config") or {}), **self._settings}
        run = continue_run(self._loaded, self._project, **options)
        if self._loaded:
            run.restore(self._loaded["step"])
        return run

    def _save_state(self, _models: Any, _weights: Any, folder: str) -> None:
        if self._run is not None:
            Path(folder, _ORIGIN).write_text(json.dumps(self._run.state_dict()), "utf-8")

    def _load_state(self, _models: Any, folder: str) -> None:
        file = Path(folder, _ORIGIN)
        if not file.is_file():
            return
        self._loaded = json.loads(file.read_text("utf-8"))
        if self._run is None:
            return
        self._run.restore(self._loaded["step"])
        if self._run.id != self._loaded["run_id"]:
            log.warning(
                "The checkpoint is of the run %r, but %r is open already and goes on: call "
                "load_state before the run is used, to continue the other.",
                self._loaded["run_id"],
                self._run.id,
            )

    def _at(self, step: int | None, values: Mapping[str, Any], phase: str | None) -> None:
        run = self.tracker
        if step is not None:
            run.restore(step)
        if phase is None:
            run.log(values)
            return
        with run.phase(phase):
            run.log(values)


def _accelerator_of(tracker: RerunTracker) -> Any:
    """The Accelerator that is calling this tracker right now, or None."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  # trackers are not told
    while frame is not None:
        caller = frame.f_locals.get("self")
        if any(one is tracker for one in getattr(caller, "trackers", ())):
            return caller
        frame = frame.f_back
    return None


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}/")
        else:
            yield f"{prefix}{key}", value
