"""`RerunSink`: numbers in columns, pictures and words, in a recording or to viewers."""

from __future__ import annotations

import math
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from triptych.commands import command
from triptych.dashboard import (
    CONFIG,
    ERRORS,
    EVENTS,
    LOG10,
    PHASE,
    SUMMARY,
    Seen,
    blueprint,
    is_loss,
    log_level,
)
from triptych.pipeline.records import (
    Artifact,
    Batch,
    Columns,
    Config,
    Event,
    Failure,
    Foreign,
    Record,
    RunInfo,
    Status,
    Words,
)
from triptych.printable import all_encodable
from triptych.sinks.rerun.lanes import Lanes, warm_up
from triptych.sinks.rerun.live import (
    connect,
    host_to_serve_at,
    look_for_viewer,
    open_viewer,
    serve,
    tell_how_to_watch,
)
from triptych.sinks.rerun.pages import config_page, summary_page
from triptych.sinks.rerun.parts import Legend, Played
from triptych.sinks.rerun.phases import Phases, phase_colours
from triptych.sinks.rerun.pictures import annotation_context
from triptych.sinks.rerun.portable import portable
from triptych.sinks.rerun.shows import archetypes
from triptych.sinks.rerun.streams import end_threads

if TYPE_CHECKING:
    from triptych.pipeline.totals import Totals

_FORMING = 60.0  # seconds in which the dashboard of a viewer that is open follows the paths seen
_LATE = 3.0  # seconds that numbers may come after pictures of a later moment
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_\-\[\]: ]")  # in an application id, since Rerun 0.36


class RerunSink:
    """Writes one recording; timelines `step`, `epoch` and `log_time`.

    A number is one entity, `/train/loss`, and a loss has its log10 in another,
    `/log10/train/loss`, since the viewer has no logarithmic axis (0.41). A picture is an encoded
    image, with boxes, mask and keypoints below it; each logger has its own text log below `/logs`.
    Configuration and provenance are recording properties, numbers as float64 and all else as text:
    Rerun fixes a property's type the first time it sees it, in all runs of a catalog.

    Args:
        path: The .rrd file; None for the recording of the attempt in the run folder.
        live: Viewers in place of a file: True serves to any that come, on 127.0.0.1; an IPv4
            address serves there; "spawn" serves and opens one; "rerun+http://…" sends to one that
            is there. A sink of its own, beside the file's, since a viewer that hangs holds up
            whatever shares its recording stream (0.41).
    """

    family = "rerun"

    def __init__(self, path: str | Path | None = None, *, live: bool | str = False) -> None:
        self.name = "live" if live else "rerun"
        self.hint = ""
        self.place: Path | None = None
        self.apart = not live
        self.durable = path is None and not live  # the journal waits for the run's own recording
        self._path = path
        self._live = live
        self._lanes: Any = None  # from `open` to `close`
        self._info: Any = None
        self._seen = Seen()
        self._phases = Phases()
        self._shown: tuple[int, ...] = ()
        self._shown_at = 0.0
        self._opened_at = 0.0
        self._parts: dict[str, set[str]] = {}
        self._classes: dict[str, dict[int, str]] = {}
        self._totals: Totals | None = None

    def open(self, info: RunInfo) -> None:
        """Make the recording, and do once what Rerun does only at the first use."""
        host = host_to_serve_at(self._live)
        if self._live and not host:
            look_for_viewer(str(self._live))  # before there is a stream, and its threads
        application = _NOT_ALLOWED.sub("-", info.project)[:120] or "triptych"
        name = f"{info.id}-{info.attempt}"
        lanes = self._lanes = Lanes(application, name, apart=bool(host))
        if host:
            addresses = serve(lanes.stream, lanes.pictures, host)
            self.hint = tell_how_to_watch(addresses, host)
            if self._live == "spawn":
                open_viewer(addresses)
        elif self._live:
            connect(lanes.stream, str(self._live))
        else:
            path = Path(self._path or info.recording)
            self.place = path.parent
            path.touch(mode=0o600)  # Rerun itself would go by the umask
            lanes.save(path)
            self.hint = f"{command('rerun')} {path}"
            if info.resumed and self._path is None:  # to a viewer attempts are several recordings
                self.hint = f"{command('triptych')} view {path.parent}"
        lanes.stream.send_recording_name(info.name)
        self._lanes.properties("config", info.config)
        self._lanes.properties("provenance", info.provenance)
        self._info, self._opened_at = info, time.monotonic()
        self._send_config_page()
        self._send_dashboard()
        warm_up()

    def write(self, batch: Batch) -> None:
        """Send columns as they are, everything else one by one.

        Raises:
            OSError: If Rerun has stopped writing to the file.
        """
        self._lanes.look_at_file()
        for columns in batch.columns:
            known = columns.epochs >= 0
            for mask in (known, ~known):
                if mask.any():
                    self._send_columns(columns, mask)
            step, newest = int(columns.steps[-1]), columns.values[-1].tolist()
            for path, value in zip(columns.paths, newest, strict=True):
                self._seen.count(path, len(columns), step, value)
        for record in batch.records:
            self._write_record(record)
        self._write_phases(batch, time.time() - _LATE)
        # Each layout stays in the file: the later, the more rarely.
        pause = max(2.0, (self._shown_at - self._opened_at) / 4)
        if self._seen.outline() != self._shown and time.monotonic() > self._shown_at + pause:
            self._send_dashboard()

    def portable(self, record: Record) -> Record:
        """The record in a form that another process can read."""
        return portable(record)

    def flush(self, deadline: float) -> None:
        """Hand everything to the operating system, with a layout that has a place for it."""
        self._write_phases(Batch())
        if self._seen.outline() != self._shown:
            self._send_dashboard()
        self._lanes.flush(deadline)

    def sum_up(self, totals: Totals) -> None:
        """Write down what became of everything: as properties, and on the summary page."""
        self._totals = totals
        counts = {".".join(where): count for where, count in totals.counts().items()}
        self._lanes.properties("totals", counts)

    def close(self, status: Status, error: Failure | None, deadline: float) -> None:
        """Write how the run ended, and the file's footer.

        Raises:
            TimeoutError: If Rerun does not let go in time.
        """
        self._write_phases(Batch())
        self._lanes.properties("ending", self._info.ending(status, error, self._now()))
        self._send_dashboard(status, error)
        if self._live:
            self.hint = ""  # nobody serves any more
        if not self.let_go(deadline):
            raise TimeoutError("Rerun did not close the recording in time.")
        self._lanes = None  # its threads end when nobody refers to it
        if not end_threads(deadline):
            self.abandon()

    def _now(self) -> float | None:
        """When the run ends, seconds since 1970."""
        return time.time()

    def let_go(self, deadline: float) -> bool:
        """Disconnect without a word; False if Rerun was not done in time, and is left behind."""
        if self._lanes is None or self._lanes.let_go(deadline):
            return True
        self.abandon()
        return False

    def abandon(self) -> None:
        """Rerun's exit hook waits for streams that hang (0.41): take it away."""
        import rerun as rr

        rr.unregister_shutdown()

    def next_attempt(self, info: RunInfo, deadline: float) -> None:
        """Close this recording and begin that of the next attempt."""
        self.close(Status.INTERRUPTED, None, deadline)
        self._parts.clear()
        self._classes.clear()
        self._seen, self._phases = Seen(), Phases()
        self.open(info)

    # ---- numbers

    def _send_columns(self, columns: Columns, mask: Any) -> None:
        stamps = (columns.steps[mask], columns.epochs[mask], columns.times[mask])
        curves = {}
        for place, path in enumerate(columns.paths):
            values = curves[path] = columns.values[mask, place]
            if not (is_loss(path) and (positive := _positive(values)).any()):
                continue
            twin = f"{LOG10}/{path}"
            if positive.all():
                curves[twin] = np.log10(values)
            else:  # rows of their own: Rerun cannot merge files with nulls among scalars (0.41)
                steps, epochs, times = (stamp[positive] for stamp in stamps)
                self._lanes.curves((steps, epochs, times), {twin: np.log10(values[positive])})
        self._lanes.curves(stamps, curves)

    # ---- everything else

    def _write_record(self, record: Record) -> None:
        import rerun as rr

        value = record.value
        self._seen.words |= isinstance(value, Words | Event | Artifact | Failure)
        if isinstance(value, Words):
            line = rr.TextLog(value.text, level=log_level(value.line.levelname))
            self._lanes.row(record.path, line, record.stamp)
        elif isinstance(value, Event | Artifact):
            level = value.level if isinstance(value, Event) else "INFO"
            self._lanes.row(EVENTS, rr.TextLog(value.text, level=log_level(level)), record.stamp)
        elif isinstance(value, Config):
            self._lanes.properties("config", value.info.config)
            self._lanes.properties("provenance", value.info.provenance)
            self._info = value.info
            self._send_config_page()
        elif isinstance(value, Failure):
            self._lanes.row(ERRORS, rr.TextLog(value.traceback, level="CRITICAL"), record.stamp)
        elif isinstance(value, Foreign):
            self._lanes.row(record.path, value.value, record.stamp)
            kind = getattr(value.value, "name", type(value.value).__name__)
            self._seen.add(record.path, "", kind)
        else:
            self._write_visual(record)

    def _write_phases(self, batch: Batch, until: float = math.inf) -> None:
        import rerun as rr

        for stamp in self._phases.changes(batch, until):
            if stamp.phase not in self._seen.phases:
                self._seen.phases.append(stamp.phase)
                configuration = phase_colours(self._seen.phases)
                self._lanes.always(PHASE, configuration)
            self._lanes.row(PHASE, rr.StateChange(state=stamp.phase), stamp)

    def _write_visual(self, record: Record) -> None:
        import rerun as rr

        visual, path = all_encodable(record.value), record.path
        parts = set()
        for name, archetype in archetypes(visual):
            entity = f"{path}/{name}" if name else path
            if isinstance(archetype, Played):
                self._lanes.film(entity, archetype, record.stamp)
                continue
            if isinstance(archetype, Legend):
                self._explain(entity, archetype)
                continue
            self._lanes.row(entity, archetype, record.stamp)
            self._seen.add(path, name, type(archetype).__name__)
            parts.add(name)
        for gone in self._parts.get(path, set()) - parts:
            # A viewer shows the newest of each entity: boxes of an earlier picture would stay.
            self._lanes.row(f"{path}/{gone}", rr.Clear(recursive=False), record.stamp)
        self._parts[path] = self._parts.get(path, set()) | parts
        self._explain(path, Legend(getattr(visual, "classes", {})))

    def _explain(self, path: str, legend: Legend) -> None:
        known = self._classes.setdefault(path, {})
        if not legend.names.items() <= known.items():
            known |= legend.names
            # A viewer reads no other than static ones (0.41).
            self._lanes.always(path, annotation_context(replace(legend, names=known)))

    # ---- what does not change with time

    def _send_config_page(self) -> None:
        self._seen.settings = bool(self._info.config)
        self._lanes.page(CONFIG, config_page(self._info))

    def _send_dashboard(
        self, status: Status = Status.RUNNING, error: Failure | None = None
    ) -> None:
        self._shown, self._shown_at = self._seen.outline(), time.monotonic()
        page = summary_page(self._info, status, error, self._seen.numbers, self._totals)
        self._lanes.page(SUMMARY, page)
        layout = blueprint(self._seen, self._info.dashboard)
        # make_active=True takes away what somebody has arranged in a viewer, and a viewer that is
        # open shows no other (0.41): only at first, when the panels come one by one.
        forming = bool(self._live) and time.monotonic() < self._opened_at + _FORMING
        self._lanes.layout(layout, make_active=forming)


def _positive(values: Any) -> Any:
    """Where a logarithm can be taken and drawn."""
    return np.isfinite(values) & (values > 0)
