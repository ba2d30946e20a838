"""`WandbSink`: a run of its own in Weights & Biases, or a guest in one that is open already."""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import time
from html import escape
from pathlib import Path
from typing import Any, Literal

from triptych.pipeline.records import (
    Batch,
    Checkpoint,
    Columns,
    Event,
    Failure,
    Foreign,
    Record,
    RunInfo,
    Stamp,
    Status,
    WandbHost,
    Words,
)
from triptych.pipeline.sink import NotShown
from triptych.visuals import Histogram, Image, Table, Text

log = logging.getLogger("triptych")

Mode = Literal["auto", "online", "offline"]

AXIS = "trainer/global_step"
"""Our step in W&B: a metric, since rows whose own `step=` goes back are dropped there."""

_HOSTS = {"trainer/global_step": -1, "train/global_step": 0}
"""Axes of Lightning's WandbLogger, which counts from 0, and of Hugging Face's WandbCallback."""

_START = 10  # seconds that a server may take to answer when the run opens


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

    def __init__(self, target: Mode | Any = "auto") -> None:
        self.hint = ""
        self._run: Any = None
        self._guest = False
        self._axis, self._offset = AXIS, 0
        self._hosted: set[str] = set()
        self._ours: set[str] = set()
        self._knows_host = False
        self._mode: str = "auto"
        self._folder = Path()
        if isinstance(target, str):
            self._mode = _check_mode(target)
        elif isinstance(target, WandbHost):
            self._run, self._guest = target.run, True
            self._axis, self._offset = target.axis, target.offset
            self._knows_host = True
        elif hasattr(target, "log") and hasattr(target, "define_metric"):
            self._run, self._guest = target, True
        else:
            raise ValueError(
                f'wandb= is "auto", "online", "offline", False or an open wandb.Run, '
                f"not {target!r}."
            )

    def open(self, info: RunInfo) -> None:
        """Start the run, or look around in the host's."""
        self._folder = info.dir
        if self._guest:
            return
        self._run = self._start(info)
        # Before anything is logged: W&B orders its axes by what is defined first.
        self._run.define_metric(AXIS)
        self._run.define_metric("*", step_metric=AXIS)
        if self._run.offline:
            self.hint = f"wandb sync {Path(self._run.dir).parent}"
        else:
            self.hint = str(self._run.url)
        _warm_up()

    def write(self, batch: Batch) -> None:
        """Send one row for each step among the columns; records one by one."""
        if self._guest and not self._knows_host:
            self._look_at_host()
        if batch.columns:
            self._write_columns(batch.columns)
        for record in batch.records:
            self._write_record(record)

    def flush(self, deadline: float) -> None:
        """Nothing to do: W&B's own process writes its file every quarter of a second."""

    def close(self, status: Status, error: Failure | None, deadline: float) -> None:
        """Finish with the true exit code, unless the run is the host's.

        Raises:
            TimeoutError: If W&B does not finish in time; what it has is on disk.
        """
        if self._guest:
            self._run.summary.update({"triptych/status": str(status)})
            return
        self._run.summary.update({"status": str(status)})
        if error is not None:
            self._run.summary.update({"error": f"{error.kind}: {error.message}"})
        code = 0 if status is Status.FINISHED else error.exit_code if error else 1
        if status is Status.INTERRUPTED:
            self._run.mark_preempting()
        self._finish(code, deadline)

    def _finish(self, code: int, deadline: float) -> None:
        # finish() may retry for a week when the server stalls, and its own time-out does not hold
        # with a large backlog (0.31); all rows are in the transaction log on disk by then.
        thread = threading.Thread(target=self._run.finish, args=(code,), daemon=True)
        thread.start()
        thread.join(max(0.1, deadline - time.monotonic()))
        if thread.is_alive():
            self.hint = f"wandb sync --no-skip-online {Path(self._run.dir).parent}"
            self.abandon()
            raise TimeoutError(f"W&B did not finish in time; send the rest with: {self.hint}")

    def abandon(self) -> None:
        """End W&B's own process, whose exit hook would hold up ours; its rows are on disk."""
        import psutil
        import wandb

        if wandb.run is not None or self._guest:
            return  # it serves the user's run as well
        for child in psutil.Process().children(recursive=True):
            if "wandb-core" in child.name():
                child.kill()

    # ---- opening

    def _start(self, info: RunInfo) -> Any:
        import wandb

        mode: Any = self._mode if self._mode != "auto" else _automatic_mode()
        options: dict[str, Any] = {
            "project": _project(info.project),
            "name": info.name,
            "id": info.id,
            "dir": str(info.dir),
            "config": {**info.config, "triptych": dict(info.provenance)},
            "tags": list(info.tags),
            "notes": info.notes,
            "resume": "allow" if info.resumed else None,
            # A run beside any other: neither the global `wandb.run` nor a run of the user changes.
            "reinit": "create_new",
            "settings": wandb.Settings(
                silent=True,
                console="off",  # words come through write_logs, with their step
                init_timeout=_START,
                x_disable_viewer=True,  # two calls of 5 s each when the network is down
                x_disable_meta=True,  # it would hold the command line with its secrets
                x_transaction_log_flush_interval=0.25,  # its default loses 15 s to a SIGKILL
            ),
        }
        try:
            return wandb.init(mode=mode, **options)
        except Exception as error:  # CommError, but also plain exceptions (0.31)
            if mode != "online":
                raise
            log.warning(
                "W&B did not answer, so this run stays offline (%s). Upload it later with the "
                "command in the closing table.",
                error,
            )
        if wandb.run is None:
            # The id counts as taken until W&B's service is gone (0.31). Not if the user has a run
            # open: that one would go with it.
            wandb.teardown()
        else:
            options["id"] = f"{info.id}-offline"
        return wandb.init(mode="offline", **options)

    # ---- writing

    def _write_columns(self, blocks: tuple[Columns, ...]) -> None:
        rows: dict[tuple[int, int], dict[str, float]] = {}
        for block in blocks:
            paths = [path for path in block.paths if path not in self._hosted]
            places = [block.paths.index(path) for path in paths]
            for step, epoch, values in zip(
                block.steps.tolist(), block.epochs.tolist(), block.values.tolist(), strict=True
            ):
                row = rows.setdefault((step, epoch), {})
                row.update(zip(paths, (values[place] for place in places), strict=True))
        for (step, epoch), row in sorted(rows.items()):
            if row:
                self._log(row, step, None if epoch < 0 else epoch)

    def _look_at_host(self) -> None:
        """Learn the host's axis, and which numbers it logs itself, from what it has logged."""
        logged = set(self._run.summary.keys())
        self._hosted |= logged - self._ours
        for axis, offset in _HOSTS.items():
            if axis in self._hosted:
                self._axis, self._offset = axis, offset
                return
        if AXIS not in self._ours:
            self._run.define_metric(AXIS)
            self._ours.add(AXIS)

    def _log(self, row: dict[str, Any], step: int, epoch: int | None) -> None:
        self._ours |= row.keys()
        row = {**row, self._axis: max(0, step + self._offset)}
        if epoch is not None and not self._guest:
            row["epoch"] = epoch
        self._run.log(row)

    def _write_record(self, record: Record) -> None:
        value, stamp = record.value, record.stamp
        if isinstance(value, Words):
            self._say(stamp, value.line.levelname, f"{value.line.name}: {value.text}")
        elif isinstance(value, Event):
            self._say(stamp, "EVENT", value.text)
            self._log({record.path: value.text}, stamp.step, stamp.epoch)
        elif isinstance(value, Checkpoint):
            self._say(stamp, "EVENT", value.text)
            self._keep(value)
        elif isinstance(value, Failure):
            self._say(stamp, "CRITICAL", value.traceback)
        else:
            # W&B copies a picture's file when it is logged: ours must live until then.
            with tempfile.TemporaryDirectory(dir=self._folder, prefix=".picture-") as place:
                shown = value.value if isinstance(value, Foreign) else _media(value, Path(place))
                self._log({record.path: shown}, stamp.step, stamp.epoch)

    def _keep(self, checkpoint: Checkpoint) -> None:
        if checkpoint.copy is None:
            return
        import wandb

        artifact = wandb.Artifact(checkpoint.name, "model", metadata=dict(checkpoint.metrics))
        # Straight from the run folder: no second copy in W&B's staging area, which offline lies
        # outside of it.
        add = artifact.add_dir if checkpoint.copy.is_dir() else artifact.add_file
        add(str(checkpoint.copy), policy="immutable", skip_cache=True)
        self._run.log_artifact(artifact, aliases=list(checkpoint.aliases))

    def _say(self, stamp: Stamp, level: str, text: str) -> None:
        self._run.write_logs(f"step {stamp.step} {stamp.phase} {level} {text}\n")


def _check_mode(mode: str) -> str:
    if mode not in ("auto", "online", "offline"):
        raise ValueError(
            f'wandb= is "auto", "online", "offline", False or an open wandb.Run, not {mode!r}.'
        )
    if mode == "online" and not _has_key():
        raise ValueError(
            'wandb="online" needs an API key, and none was found: run `wandb login`, set '
            'WANDB_API_KEY, or pass wandb="offline".'
        )
    return mode


def _has_key() -> bool:
    import wandb

    return bool(wandb.login(prompt=False, verify=False))


def _automatic_mode() -> str:
    wanted = os.environ.get("WANDB_MODE", "")
    if wanted:
        return wanted
    return "online" if _has_key() else "offline"


def _project(name: str) -> str:
    """W&B refuses a few characters and more than 128 of them in a project."""
    return "".join("-" if letter in '/\\#?%:"' else letter for letter in name)[:128] or "triptych"


def _media(visual: Any, place: Path) -> Any:
    """What W&B shows for a visual; picture files go to `place`."""
    import wandb

    if isinstance(visual, Image):
        return _image(visual, place)
    if isinstance(visual, Histogram):
        return wandb.Histogram(np_histogram=visual.counts())
    if isinstance(visual, Table):
        rows = [
            [_image(cell, place) if isinstance(cell, Image) else cell for cell in row]
            for row in visual.rows
        ]
        return wandb.Table(columns=list(visual.columns), data=rows)
    if isinstance(visual, Text):
        return wandb.Html(f"<pre style='white-space: pre-wrap'>{escape(visual.text)}</pre>")
    raise NotShown(f"W&B has no panel for {type(visual).__name__}.")


def _image(image: Image, place: Path) -> Any:
    """A `wandb.Image` of the bytes that we have encoded: its own constructor only casts (0.29)."""
    import wandb

    encoded = image.encode()
    ending = {"image/jpeg": "jpg", "image/png": "png"}[encoded.media_type]
    file = place / f"{len(list(place.iterdir()))}.{ending}"
    file.write_bytes(encoded.data)
    return wandb.Image(str(file), caption=image.caption, **_overlays(image))


def _overlays(image: Image) -> dict[str, Any]:
    found: dict[str, Any] = {}
    names = dict(image.classes)
    if image.boxes is not None:
        found["boxes"] = {"boxes": {"box_data": _box_data(image), **_labels(names)}}
    if image.mask is not None:
        found["masks"] = {"mask": {"mask_data": image.mask, **_labels(names)}}
    return found


def _labels(names: dict[int, str]) -> dict[str, Any]:
    return {"class_labels": names} if names else {}


def _box_data(image: Image) -> list[dict[str, Any]]:
    boxes = image.boxes
    if boxes is None:
        return []
    data = []
    for place, (left, top, right, bottom) in enumerate(boxes.xyxy.tolist()):
        position = {"minX": left, "minY": top, "maxX": right, "maxY": bottom}
        box: dict[str, Any] = {"position": position, "domain": "pixel", "class_id": 0}
        if boxes.class_ids is not None:
            box["class_id"] = int(boxes.class_ids[place])
        if boxes.labels is not None:
            box["box_caption"] = boxes.labels[place]
        if boxes.scores is not None:
            box["scores"] = {"score": float(boxes.scores[place])}
        data.append(box)
    return data


def _warm_up() -> None:
    """The first picture costs a quarter of a second of imports (0.31)."""
    import numpy as np
    import wandb

    wandb.Image(np.zeros((1, 1, 3), np.uint8))
