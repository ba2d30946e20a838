"""`LazyRun`: a run with a known place that opens when there is something to keep.

Lightning makes, asks, copies and pickles loggers in many situations in which nothing is trained.
"""

from __future__ import annotations

import inspect
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from weakref import WeakValueDictionary

import triptych
from triptych.archive.find import run_of
from triptych.archive.folder import RunFolder
from triptych.archive.opening import Resume
from triptych.archive.origin import NoOrigin, origin_of
from triptych.archive.plain import JSON, plain
from triptych.pipeline.records import Status, WandbHost
from triptych.rank import is_writer
from triptych.training.lifetime import TERMINATED, Terminated
from triptych.training.run import Run

log = logging.getLogger("triptych")

_runs: WeakValueDictionary[Path, Run] = WeakValueDictionary()
"""What this process has opened: copies of a logger share one run."""


class LazyRun:
    """Opens a run at its first use, on the rank that writes.

    After it was closed, or in another process, it goes on in the same folder as a new attempt.

    Args:
        project: As for `triptych.run`.
        name: As for `triptych.run`.
        root: As for `triptych.run`.
        resume: As for `triptych.run`; None leaves it to `continue_from`, False forbids that.
        run: A run that is open already, to be closed by whoever opened it; or None.
        options: Further arguments of `triptych.run`.

    Raises:
        TypeError: If `triptych.run` does not take one of the options.

    Attributes:
        current: The run, open or closed; None before it opens.
        host: The `wandb.Run` of a WandbLogger to join when the run opens, or None.
        opening: What is logged as soon as it opens.
    """

    def __init__(
        self,
        project: str,
        name: str | None,
        *,
        root: str | os.PathLike[str],
        resume: Resume | Literal[False] | None,
        run: Run | None,
        options: Mapping[str, Any],
    ) -> None:
        inspect.signature(triptych.run).bind_partial(**options)
        self.current = run
        self.host: WandbHost | None = None
        self.opening: dict[str, Any] = {}
        self._settings: dict[str, JSON] = {}
        self._project = project if run is None else run.info.project
        self._name = name
        self._root = Path(root).expanduser().absolute()
        self._resume = resume
        self._options = dict(options)
        self._owned = run is None
        self._folder = RunFolder(run.dir.absolute()) if run is not None else None
        self._process = os.getpid()
        self._refused = False
        self._why_new = ""
        self._step: int | None = None  # where it goes on is known only to a run that is resumed
        self._epoch: int | None = None
        self._phase = "train"
        if run is not None and self._folder is not None:
            _runs[self._folder.path] = run

    def __getstate__(self) -> dict[str, Any]:
        folder = self.folder  # the copy belongs to the same run, wherever it opens
        state = {**self.__dict__, "_folder": folder, "current": None, "host": None}
        if self.current is not None:  # open sinks hold threads and streams
            state["_options"] = {**self._options, "sinks": None}
        return state

    @property
    def folder(self) -> RunFolder:
        """Where the run lies or will lie; making it is left to `open`."""
        if self._folder is None:
            if self._resume is None or self._resume is False:
                self._folder = RunFolder.plan(self._root, self._project, self._name)
            elif isinstance(self._resume, Mapping):
                self._folder = run_of(self._resume, self._root)
            else:
                self._folder = RunFolder.find(self._root, self._project, self._resume)
        return self._folder

    def continue_from(self, state: Mapping[str, Any]) -> None:
        """Training goes on from a checkpoint: in the run that saved it, unless one was named.

        Args:
            state: What `Run.state_dict` gives; empty where the checkpoint is not from us.
        """
        known = self._folder is not None and self._folder.id == state.get("run_id")
        if known or not state or self._resume is not None or not self._owned:
            return
        if self.current is not None:
            log.warning(
                "The checkpoint is of the run %r, but %r was open before and goes on.",
                state.get("run_id"),
                self.current.id,
            )
            return
        try:
            self._folder = origin_of(state, self._project, self._root, ours=_runs)
            self._why_new = ""
        except NoOrigin as why:
            self._why_new = str(why)

    def open(self) -> Run | None:
        """The run, opened now if it was not yet; None on other ranks and where the disk refuses."""
        if self.current is None and not self._refused and is_writer():
            shared = _runs.get(self.folder.path)
            usable = shared is not None and shared.exit_code is None
            self.current = shared if usable else self._begin()
        return self.current

    def renew(self) -> None:
        """A training or an evaluation begins: a run that was closed may open again."""
        closed = self.current is not None and self.current.exit_code is not None
        if (closed and self._owned) or self._process != os.getpid():
            self._process = os.getpid()
            self.current = None

    def move(self, step: int, epoch: int | None, phase: str) -> None:
        """Set the clock, also for a run that opens only later."""
        self._step, self._epoch = step, epoch
        self.enter(phase)

    def enter(self, phase: str) -> None:
        """Be in a phase; step and epoch stay, in a run that is resumed those it had."""
        self._phase = phase
        if self.current is not None:
            self._set(self.current)

    def _set(self, run: Run) -> None:
        if self._step is not None:
            run.clock.restore(self._step)
        run.clock.enter(epoch=self._epoch, phase=self._phase)

    def configure(self, settings: dict[str, Any]) -> None:
        """Add to the configuration, now or when the run opens."""
        # Lightning repeats itself in every entry point; plain values can be compared
        news = {
            key: value
            for key, value in ((str(key), plain(value)) for key, value in settings.items())
            if key not in self._settings or self._settings[key] != value
        }
        self._settings.update(news)
        if news and self.current is not None:
            self.current.configure(news)

    def fail(self, error: BaseException | None) -> None:
        """Record what ended a training; opens the run if need be."""
        if error is None or (self.current is None and self._told_by_worker(error)):
            return
        run = self.open()
        if run is None:
            return
        if type(error).__name__ == "SIGTERMException":  # of lightning or of pytorch_lightning
            terminated = Terminated(TERMINATED)
            terminated.__cause__ = error
            error = terminated
        run.ended_by(error)

    def end(self, status: Status | str | None = None, timeout: float = 30.0) -> bool:
        """Close the run if it is open and ours; say whether everything has arrived."""
        if self.current is None or not self._owned:
            return self.current is None or self.current.flush(timeout)
        return self.current.close(status, timeout)

    def _begin(self) -> Run | None:
        options = dict(self._options)
        if self.host is not None and isinstance(options.get("wandb", "auto"), str):
            options["wandb"] = self.host
        config = {**(options.pop("config", None) or {}), **self._settings}
        try:
            self.folder.make()
            run = triptych.run(
                self._project,
                self._name,
                root=self._root,
                resume=self.folder.path,
                config=config,
                **options,
            )
        except OSError as error:
            # Lightning opens us amidst its training: it must not die of a full disk
            log.error("This training is not recorded: %s", error)  # noqa: TRY400
            self._refused = True
            return None
        _runs[self.folder.path] = run
        self._owned = True
        self._set(run)
        if self._why_new:
            log.warning("%s", self._why_new)
            self._why_new = ""
        if self.opening:
            run.log(self.opening)
            self.opening = {}
        return run

    def _told_by_worker(self, error: BaseException) -> bool:
        """Whether a spawned worker, which has had the run, recorded the failure itself."""
        if type(error).__name__ not in ("ProcessRaisedException", "ProcessExitedException"):
            return False
        folder = self.folder
        return folder.run_json.exists() and folder.read_json().get("status") == Status.FAILED
