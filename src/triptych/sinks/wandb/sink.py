"""`WandbSink`: a run of its own in Weights & Biases, or a guest in one that is open already."""

from __future__ import annotations

import logging
import math
import os
import sys
import tempfile
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from triptych.commands import command
from triptych.pipeline.records import (
    Artifact,
    Batch,
    Config,
    Event,
    Failure,
    Foreign,
    Record,
    RunInfo,
    Stamp,
    Status,
    Upload,
    WandbHost,
    Words,
)
from triptych.sinks.wandb.artifacts import Artifacts, staging_in
from triptych.sinks.wandb.pictures import warm_up
from triptych.sinks.wandb.rows import Rows
from triptych.sinks.wandb.shows import media
from triptych.sinks.wandb.start import (
    Mode,
    automatic_mode,
    check_mode,
    end_service,
    find_service,
    forget_run,
    has_ended,
    keep_private,
    others_open,
    start_run,
)

if TYPE_CHECKING:
    from triptych.pipeline.totals import Totals

log = logging.getLogger("triptych")

_NOT_AGAIN = 60.0  # seconds for which a process of W&B's that dies is not replaced once more


class WandbSink:
    """Sends numbers, pictures and words to Weights & Biases.

    `wandb.log` is a round trip of a tenth of a millisecond and more, so it belongs on a worker,
    and the numbers should be thinned: see `triptych.run`.

    Args:
        target: "auto" respects WANDB_MODE, else goes online if a key is there, else stays offline;
            it never asks, logs in or waits for a login. "online" and "offline" say it outright. An
            open `wandb.Run` is joined as a guest: on the host's axis and in its numbering, its
            numbers are left to it, and it is the host's to finish.

    Raises:
        ValueError: If `target` is "online" and no key is there, or it is none of these.
    """

    name = "wandb"
    takes_files = True

    def __init__(self, target: Mode | Any = "auto") -> None:
        self.hint = ""
        self.place: Path | None = None
        self._run: Any = None
        self._guest = False
        self._rows: Any = None
        self._artifacts: Any = None
        self._service: Any = None
        self._replaced = -math.inf
        self._mode: str = "auto"
        self._info: Any = None
        self.apart = isinstance(target, str)  # a host's run is an object of this process
        if self.apart:
            self._mode = check_mode(target)
        elif isinstance(target, WandbHost):
            self._run, self._guest = target.run, True
            self._rows = Rows(target.run, target, guest=True)
        elif hasattr(target, "log") and hasattr(target, "define_metric"):
            self._run, self._guest = target, True
            self._rows = Rows(target, guest=True)
        else:
            raise ValueError(
                f'wandb= is "auto", "online", "offline", False or an open wandb.Run, '
                f"not {target!r}."
            )

    def open(self, info: RunInfo) -> None:
        """Start the run; that of a host is open."""
        if "wandb" not in sys.modules:  # later it would be ignored, and warned about
            # W&B reports its own errors over the network, from an offline run too (0.31).
            os.environ.setdefault("WANDB_ERROR_REPORTING", "false")

        self._info, self.place = info, info.dir
        if self._guest:
            self._artifacts = Artifacts(self._run)
            self._tell_origin()
            return
        if self._mode == "auto":
            self._mode = automatic_mode()
        place = info.dir / "wandb"
        place.mkdir(mode=0o700, exist_ok=True)  # W&B would go by the umask, here and below
        self._begin(resumed=info.resumed)
        if self._run.offline:
            self.hint = _sync(info)
        else:
            self.hint = str(self._run.url)
        warm_up()

    def _begin(self, *, resumed: bool) -> None:
        self._run = start_run(self._info, self._mode, resumed=resumed)
        self._service = find_service()
        self._artifacts = Artifacts(self._run)
        self._rows = Rows(self._run)
        self._rows.begin()

    def _begin_again(self) -> None:
        """W&B's own process is dead, and with it every call would raise for ever (0.31)."""
        now = time.monotonic()
        if not self._alone or now < self._replaced + _NOT_AGAIN:
            raise ConnectionError("W&B's own process has ended")
        self._replaced = now
        forget_run(self._run)
        end_service()
        self._begin(resumed=True)
        log.warning("W&B's own process has ended; the run goes on there with another one.")

    def write(self, batch: Batch) -> None:
        """Send one row for each step among the columns; records one by one.

        Raises:
            ConnectionError: If W&B's own process has ended and cannot be replaced.
        """
        if has_ended(self._service):
            self._begin_again()
        self._rows.look_at_host()
        if batch.columns:
            self._rows.log_columns(batch.columns)
        for record in batch.records:
            self._write_record(record)

    def flush(self, deadline: float) -> None:
        """Nothing to do: W&B's own process writes its file every quarter of a second."""

    def sum_up(self, totals: Totals) -> None:
        """Write down what became of everything, in the summary below "triptych/"."""
        counts = totals.counts().items()
        self._run.summary.update({"/".join(("triptych", *where)): count for where, count in counts})

    def close(self, status: Status, error: Failure | None, deadline: float) -> None:
        """Finish with the true exit code, unless the run is the host's.

        Raises:
            TimeoutError: If W&B does not finish in time; what it has is on disk.
        """
        ending = self._info.ending(status, error, time.time())
        if self._guest:
            self._tell_origin(ending=ending)
            self._run.summary.update({"triptych/status": str(status)})
            return  # the host waits for what we have sent
        try:
            self._take_leave(status, error, ending, deadline)
        finally:
            self._finish(int(ending["exit_code"]), deadline)

    def _take_leave(
        self, status: Status, error: Failure | None, ending: dict[str, Any], deadline: float
    ) -> None:
        self._tell_origin(ending=ending)
        self._run.summary.update({"status": str(status)})
        if error is not None:
            self._run.summary.update({"error": f"{error.kind}: {error.message}"})
        self._artifacts.finish(deadline)
        if status is Status.INTERRUPTED:
            self._run.mark_preempting()

    def _finish(self, code: int, deadline: float) -> None:
        # finish() may retry for a week when the server stalls, and its own time-out does not hold
        # with a large backlog (0.31); all rows are in the transaction log on disk by then.
        problems: list[Exception] = []
        thread = threading.Thread(target=self._try_to_finish, args=(code, problems), daemon=True)
        thread.start()
        thread.join(max(0.1, deadline - time.monotonic()))
        forget_run(self._run)
        keep_private(self._info.dir / "wandb")
        if thread.is_alive():
            self.hint = _sync(self._info)
            self.abandon()
            raise TimeoutError(f"W&B did not finish in time; send the rest with: {self.hint}")
        if problems:
            self.abandon()
            raise problems[0]

    def _try_to_finish(self, code: int, problems: list[Exception]) -> None:
        try:
            self._run.finish(code)
        except Exception as problem:  # noqa: BLE001  # raised on the thread that waits
            problems.append(problem)

    def abandon(self) -> None:
        """End W&B's own process, whose exit hook would hold up ours; its rows are on disk."""
        if self._alone:
            end_service()

    @property
    def _alone(self) -> bool:
        """Whether W&B's own process serves no other run."""
        import wandb

        return wandb.run is None and not self._guest and not others_open(self._run)

    # ---- writing

    def _write_record(self, record: Record) -> None:
        value, stamp = record.value, record.stamp
        if isinstance(value, Words):
            self._say(stamp, value.line.levelname, f"{value.line.name}: {value.text}")
        elif isinstance(value, Event):
            self._say(stamp, "EVENT", value.text)
            self._rows.log({record.path: value.text}, stamp.step, stamp.epoch)
        elif isinstance(value, Artifact):
            self._say(stamp, "EVENT", value.text)
        elif isinstance(value, Upload):
            with self._staging():  # of a long list of files
                self._artifacts.send(value)
        elif isinstance(value, Config):
            self._info = value.info
            if not self._guest:
                self._run.config.update(dict(value.info.config), allow_val_change=True)
            self._tell_origin()
        elif isinstance(value, Failure):
            self._say(stamp, "CRITICAL", value.traceback)
        else:
            # W&B copies a picture's file when it is logged: ours must live until then.
            place = tempfile.TemporaryDirectory(dir=self._info.dir, prefix=".picture-")
            with place as here, self._staging():
                shown = value.value if isinstance(value, Foreign) else media(value, Path(here))
                self._rows.log(_keys(record.path, shown), stamp.step, stamp.epoch)

    def _staging(self) -> AbstractContextManager[None]:
        return nullcontext() if self._guest else staging_in(self._info.dir / "wandb")

    def _tell_origin(self, **more: Any) -> None:
        told = {"triptych": {**self._info.provenance, **more}}
        self._run.config.update(told, allow_val_change=True)

    def _say(self, stamp: Stamp, level: str, text: str) -> None:
        self._run.write_logs(f"step {stamp.step} {stamp.phase} {level} {text.rstrip()}\n")


def _sync(info: RunInfo) -> str:
    return f"{command('triptych')} sync {info.dir}"


def _keys(path: str, shown: Any) -> dict[str, Any]:
    """One key for a visual, or one below it for each of its named parts."""
    parts = shown if isinstance(shown, dict) else {"": shown}
    return {f"{path}/{name}" if name else path: part for name, part in parts.items()}
