"""`RerunSink`: numbers in columns, pictures and words, in a recording or to viewers."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from triptych.commands import command
from triptych.dashboard import CONFIG, ERRORS, EVENTS, Dashboard
from triptych.pipeline.records import (
    Batch,
    Checkpoint,
    Columns,
    Config,
    Event,
    Failure,
    Foreign,
    Record,
    RunInfo,
    Stamp,
    Status,
    Words,
)
from triptych.sinks.rerun.live import connect_viewers
from triptych.sinks.rerun.properties import page, properties
from triptych.sinks.rerun.shows import archetypes

if TYPE_CHECKING:
    import pyarrow as pa

log = logging.getLogger("triptych")

_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_\-\[\]: ]")  # in an application id, since Rerun 0.36


class RerunSink:
    """Writes one recording; timelines `step`, `epoch` and `log_time`.

    A number is one entity, `/train/loss`; a picture is an encoded image, with boxes, mask and
    keypoints below it; each logger has its own text log below `/logs`. Configuration and
    provenance are recording properties, numbers as float64 and all else as text: Rerun fixes a
    property's type the first time it sees it, in all runs of a catalog.

    Args:
        path: The .rrd file; None for the recording of the attempt in the run folder.
        live: Viewers in place of a file: True serves to any that come, on 127.0.0.1; "spawn" opens
            one; "rerun+http://…" sends to one that is there already. A sink of its own, beside the
            file's, since a viewer that hangs holds up whatever shares its recording stream (0.41).
    """

    def __init__(self, path: str | Path | None = None, *, live: bool | str = False) -> None:
        self.name = "live" if live else "rerun"
        self.hint = ""
        self._path = path
        self._live = live
        self._recording: Any = None
        self._entities: dict[str, str] = {}
        self._dashboard = Dashboard()
        self._shown: tuple[int, ...] = ()
        self._shown_at = 0.0
        self._parts: dict[str, set[str]] = {}
        self._classes: dict[str, dict[int, str]] = {}

    def open(self, info: RunInfo) -> None:
        """Make the recording, and do once what Rerun does only at the first use."""
        import rerun as rr

        application = _NOT_ALLOWED.sub("-", info.project)[:120] or "triptych"
        recording = rr.RecordingStream(application, recording_id=f"{info.id}-{info.attempt}")
        if self._live:
            self.hint = f"{command('rerun')} {connect_viewers(recording, self._live)}"
            log.info("Watch this run live with: %s", self.hint)
        else:
            path = Path(self._path or info.recording)
            recording.save(str(path))
            # all attempts of a run open as one
            name = "recording-*.rrd" if info.resumed and self._path is None else path.name
            self.hint = f"{command('rerun')} {path.parent / name}"
        self._recording = recording
        recording.send_recording_name(info.name)
        self._send_properties("config", info.config)
        self._send_properties("provenance", info.provenance)
        self._send_page(info)
        self._send_dashboard()
        _warm_up(application)

    def write(self, batch: Batch) -> None:
        """Send columns as they are, everything else one by one."""
        for columns in batch.columns:
            known = columns.epochs >= 0
            for mask in (known, ~known):
                if mask.any():
                    self._send_columns(columns, mask)
            self._dashboard.numbers.update(dict.fromkeys(columns.paths, len(columns)))
        for record in batch.records:
            self._write_record(record)
        if self._dashboard.outline() != self._shown and time.monotonic() > self._shown_at + 2.0:
            self._send_dashboard()

    def flush(self, deadline: float) -> None:
        """Hand everything to the operating system."""
        self._recording.flush(timeout_sec=max(0.1, deadline - time.monotonic()))

    def close(self, status: Status, error: Failure | None, deadline: float) -> None:
        """Write how the run ended, and the file's footer.

        Raises:
            TimeoutError: If Rerun does not let go in time.
        """
        ending = {"status": str(status), "error": f"{error.kind}: {error.message}" if error else ""}
        self._send_properties("ending", ending)
        if self._dashboard.outline() != self._shown:
            self._send_dashboard()
        # Rerun's disconnect has no time-out, and its exit hook waits for it (0.41): both could
        # hold up the exit of the process for ever.
        thread = threading.Thread(target=self._recording.disconnect, daemon=True)
        thread.start()
        thread.join(max(0.1, deadline - time.monotonic()))
        if self._live is True:
            self.hint = ""  # nobody serves any more
        if thread.is_alive():
            self.abandon()
            raise TimeoutError("Rerun did not close the recording in time.")

    def abandon(self) -> None:
        """Rerun's exit hook waits for streams that hang (0.41): take it away."""
        import rerun as rr

        rr.unregister_shutdown()

    def next_attempt(self, info: RunInfo, deadline: float) -> None:
        """Close this recording and begin that of the next attempt."""
        self.close(Status.INTERRUPTED, None, deadline)
        self._entities.clear()
        self._parts.clear()
        self._classes.clear()
        self._dashboard = Dashboard()
        self.open(info)

    # ---- numbers

    def _send_columns(self, columns: Columns, mask: Any) -> None:
        import pyarrow as pa

        index = _index_fields(with_epoch=bool((columns.epochs[mask] >= 0).all()))
        arrays = [pa.array(columns.steps[mask])]
        if len(index) == 3:  # noqa: PLR2004  # step, epoch, log_time
            arrays.append(pa.array(columns.epochs[mask]))
        arrays.append(pa.array((columns.times[mask] * 1e9).astype("datetime64[ns]")))
        fields = []
        values = columns.values[mask]
        for place, path in enumerate(columns.paths):
            fields.append(_scalar_field(f"c{place}", self._entity(path)))
            arrays.append(pa.array(np.ascontiguousarray(values[:, place])))
        batch = pa.RecordBatch.from_arrays(arrays, schema=pa.schema([*index, *fields]))
        self._recording.send_record_batch(batch)

    # ---- everything else

    def _write_record(self, record: Record) -> None:
        import rerun as rr

        value = record.value
        if isinstance(value, Words):
            level = "WARN" if value.line.levelname == "WARNING" else value.line.levelname
            self._send(record.path, rr.TextLog(value.text, level=level), record.stamp)
        elif isinstance(value, Event | Checkpoint):
            self._send(EVENTS, rr.TextLog(value.text, level="INFO"), record.stamp)
        elif isinstance(value, Config):
            self._send_properties("config", value.info.config)
            self._send_page(value.info)
        elif isinstance(value, Failure):
            self._send(ERRORS, rr.TextLog(value.traceback, level="CRITICAL"), record.stamp)
        elif isinstance(value, Foreign):
            self._send(record.path, value.value, record.stamp)
            self._dashboard.add(record.path, "", type(value.value).__name__)
        else:
            self._write_visual(record)

    def _write_visual(self, record: Record) -> None:
        import rerun as rr

        visual, path = record.value, record.path
        parts = set()
        for name, archetype in archetypes(visual):
            self._send(f"{path}/{name}" if name else path, archetype, record.stamp)
            self._dashboard.add(path, name, type(archetype).__name__)
            parts.add(name)
        for gone in self._parts.get(path, set()) - parts:
            # A viewer shows the newest of each entity: boxes of an earlier picture would stay.
            self._send(f"{path}/{gone}", rr.Clear(recursive=False), record.stamp)
        self._parts[path] = self._parts.get(path, set()) | parts
        classes = getattr(visual, "classes", None)
        if classes and classes != self._classes.get(path):
            self._classes[path] = classes
            context = rr.AnnotationContext(list(classes.items()))
            self._recording.log(self._entity(path), context, static=True)

    def _send(self, path: str, archetype: Any, stamp: Stamp) -> None:
        """One row with its own times: Rerun's clock is per thread, and this is the worker's."""
        import rerun as rr

        when = np.array([int(stamp.time * 1e9)], dtype="datetime64[ns]")
        indexes = [rr.TimeColumn("step", sequence=[stamp.step])]
        if stamp.epoch is not None:
            indexes.append(rr.TimeColumn("epoch", sequence=[stamp.epoch]))
        indexes.append(rr.TimeColumn("log_time", timestamp=when))
        columns = []
        for component in archetype.as_component_batches():
            column = rr.ComponentColumn(component.component_descriptor(), component)
            columns.append(column.partition([len(component.as_arrow_array())]))
        self._recording.send_columns(self._entity(path), indexes=indexes, columns=columns)

    # ---- what does not change with time

    def _send_properties(self, name: str, values: Mapping[str, Any]) -> None:
        found = properties(values)
        if found is not None:
            self._recording.send_property(name, found)

    def _send_page(self, info: RunInfo) -> None:
        import rerun as rr

        document = rr.TextDocument(page(info), media_type=rr.MediaType.MARKDOWN)
        self._recording.log(CONFIG, document, static=True)

    def _send_dashboard(self) -> None:
        self._shown, self._shown_at = self._dashboard.outline(), time.monotonic()
        # make_active=False leaves alone what somebody has arranged in a viewer
        self._recording.send_blueprint(
            self._dashboard.blueprint(), make_active=False, make_default=True
        )

    def _entity(self, path: str) -> str:
        entity = self._entities.get(path)
        if entity is None:
            import rerun as rr

            entity = self._entities[path] = str(rr.new_entity_path(path.split("/")))
        return entity


def _index_fields(*, with_epoch: bool) -> list[pa.Field]:
    import pyarrow as pa

    names = {"step": pa.int64(), "epoch": pa.int64(), "log_time": pa.timestamp("ns")}
    if not with_epoch:
        del names["epoch"]
    return [
        pa.field(name, kind, metadata={"rerun:kind": "index", "rerun:index_name": name})
        for name, kind in names.items()
    ]


def _scalar_field(name: str, entity: str) -> pa.Field:
    import pyarrow as pa

    return pa.field(
        name,
        pa.float64(),
        metadata={
            "rerun:entity_path": entity,
            "rerun:archetype": "rerun.archetypes.Scalars",
            "rerun:component": "Scalars:scalars",
            "rerun:component_type": "rerun.components.Scalar",
        },
    )


def _warm_up(application: str) -> None:
    """The first columns cost a fifth of a second of imports (0.41): spend it before training."""
    import pyarrow as pa
    import rerun as rr

    recording = rr.RecordingStream(application, send_properties=False)
    memory = recording.memory_recording()
    schema = pa.schema([*_index_fields(with_epoch=False), _scalar_field("c0", "/warm")])
    now = np.array([0], dtype="datetime64[ns]")
    columns = [pa.array([0]), pa.array(now), pa.array([0.0])]
    recording.send_record_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
    memory.drain_as_bytes()
    recording.disconnect()
