"""What ModelCheckpoint saves: an event each time, and an artifact where that is wanted."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from triptych.training.run import Run

log = logging.getLogger("triptych")

LogModel = bool | Literal["all"]


class SavedModels:
    """Passes on what a ModelCheckpoint has saved, at the step at which it did.

    Args:
        upload: False: only events. "all": every model becomes an artifact when it is saved. True:
            those that are left at the end of the training; if all are kept, at once.
        name: Of the artifact; None for "model-<run id>".
    """

    def __init__(self, upload: LogModel, name: str | None) -> None:
        self._upload = upload
        self._name = name
        self._waiting: dict[str, tuple[int, Any]] = {}  # path: step, callback
        self._before: int | None = None  # the step of the save before

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_waiting": {}}  # Lightning's proxies cannot be pickled

    def saved(self, run: Run, callback: Any) -> None:
        """A checkpoint callback has just saved a model.

        Args:
            run: The run.
            callback: A ModelCheckpoint, or a proxy of one.
        """
        path = newest_path(callback)
        if path is None:
            return
        # with `save_last`, the same weights come a second time
        again = str(path) == callback.last_model_path and run.step == self._before
        self._before = run.step
        at_once = self._upload == "all" or (self._upload is True and callback.save_top_k == -1)
        self._note(run, path, callback, upload=at_once and not again)
        if self._upload is True and not at_once and not again:
            self._waiting[str(path)] = (run.step, callback)

    def finished(self, run: Run) -> None:
        """Training is over: the models that are left become artifacts, the newest last."""
        left = [
            (step, path, callback)
            for path, (step, callback) in self._waiting.items()
            if Path(path).exists()
        ]
        self._waiting = {}
        for step, path, callback in sorted(left, key=lambda one: one[0]):
            with _at(run, step):
                self._note(run, Path(path), callback, upload=True)

    def _note(self, run: Run, path: Path, callback: Any, *, upload: bool) -> None:
        aliases = ["latest"]  # W&B takes it from the version before
        if str(path) == callback.best_model_path:
            aliases.append("best")
        score = score_of(callback, path)
        metrics = {} if score is None else {callback.monitor: score}
        try:
            run.checkpoint(path, metrics=metrics, aliases=aliases, name=self._name, upload=upload)
        except OSError as error:
            log.error("The model %s will not be uploaded: %s", path, error)  # noqa: TRY400


def newest_path(callback: Any) -> Path | None:
    """What a checkpoint callback saved last, or None if nothing is there."""
    named = getattr(callback, "_last_checkpoint_saved", "")
    if named:
        return Path(named)
    known = {
        getattr(callback, "last_model_path", ""),
        getattr(callback, "best_model_path", ""),
        *getattr(callback, "best_k_models", ()),
    }
    there = [Path(path) for path in known if path and Path(path).exists()]
    return max(there, key=lambda path: path.stat().st_mtime, default=None)


def score_of(callback: Any, path: Path) -> float | None:
    """The monitored value that a model was saved with."""
    score = getattr(callback, "best_k_models", {}).get(str(path))
    if score is None and str(path) == getattr(callback, "last_model_path", ""):
        score = getattr(callback, "current_score", None)
    return None if score is None or callback.monitor is None else float(score)


@contextmanager
def _at(run: Run, step: int) -> Iterator[None]:
    present = run.step
    run.clock.restore(step)
    try:
        yield
    finally:
        run.clock.restore(present)
