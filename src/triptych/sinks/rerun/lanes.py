"""`Lanes`: rows into the streams of one recording, each with times of its own.

Rerun's clock belongs to a thread; what is written here carries the times of its stamp.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from triptych.pipeline.records import Stamp
from triptych.sinks.rerun.parts import Played
from triptych.sinks.rerun.properties import properties
from triptych.sinks.rerun.streams import let_go, new_stream, send_layout

if TYPE_CHECKING:
    import pyarrow as pa
    from rerun.blueprint import Blueprint

_LOOK = 10.0  # seconds between two looks at a file


class Lanes:
    """The streams of a recording, and paths as Rerun's entities.

    Args:
        application: Its application id.
        name: Its recording id.
        apart: Whether pictures have a stream of their own, so that a server which lets go of what
            is old lets go of pictures first.

    Attributes:
        stream: Everything, or everything but pictures.
        pictures: The same one, or that of the pictures.
    """

    def __init__(self, application: str, name: str, *, apart: bool = False) -> None:
        self.stream = self.pictures = new_stream(application, name)
        if apart:
            self.pictures = new_stream(application, name, properties=False)
        self._entities: dict[str, str] = {}
        self._times: tuple[Stamp, list[Any]] | None = None
        self._file: Path | None = None
        self._looked_at = 0.0
        self._ended = False

    @property
    def streams(self) -> list[Any]:
        """One or two."""
        return [self.stream] if self.pictures is self.stream else [self.stream, self.pictures]

    def save(self, file: Path) -> None:
        """Write to a file."""
        self.stream.save(str(file))
        self._file, self._looked_at = file.absolute(), time.monotonic()

    def look_at_file(self) -> None:
        """See now and then whether it is still written.

        Rerun stops at an error, such as a quota's, and takes what follows in silence (0.41).

        Raises:
            OSError: It is not.
        """
        now = time.monotonic()
        if self._file is not None and now > self._looked_at + _LOOK:
            self._looked_at = now
            with suppress(RuntimeError, OSError):  # OSError: nobody may look any more
                self.flush(now + _LOOK)
                self._ended = not self._file.exists()
        if self._ended:
            raise OSError(f"{self._file} was deleted, or Rerun met an error: it is written no more")

    def curves(self, stamps: tuple[Any, Any, Any], curves: Mapping[str, Any]) -> None:
        """Send numbers.

        Args:
            stamps: Steps, epochs (-1 for all where there is none) and times, (N,) each.
            curves: Path to values (N,).
        """
        import pyarrow as pa

        steps, epochs, times = stamps
        with_epoch = bool((epochs >= 0).all())
        arrays = [pa.array(steps)]
        if with_epoch:
            arrays.append(pa.array(epochs))
        arrays.append(pa.array((times * 1e9).astype("datetime64[ns]")))
        arrays += map(pa.array, curves.values())
        fields = _index_fields(with_epoch=with_epoch)
        fields += [
            _scalar_field(f"c{place}", self._entity(path)) for place, path in enumerate(curves)
        ]
        self.stream.send_record_batch(pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields)))

    def row(self, path: str, archetype: Any, stamp: Stamp) -> None:
        """Send what holds at a stamp."""
        import rerun as rr

        if self._times is None or self._times[0] != stamp:  # pictures of one step come together
            self._times = stamp, _times(stamp)
        columns = []
        for component in archetype.as_component_batches():
            ends = np.array([0, len(component.as_arrow_array())], np.int32)
            described = component.component_descriptor()
            columns.append(rr.ComponentColumn(described, component, offsets=ends))
        stream = self.stream if isinstance(archetype, rr.TextLog) else self.pictures
        stream.send_columns(self._entity(path), indexes=self._times[1], columns=columns)

    def film(self, path: str, played: Played, stamp: Stamp) -> None:
        """Send what plays from a stamp on, on the timeline `log_time`."""
        import rerun as rr

        when = (int(stamp.time * 1e9) + played.after).astype("datetime64[ns]")
        indexes = [rr.TimeColumn("log_time", timestamp=when)]
        self.pictures.send_columns(self._entity(path), indexes=indexes, columns=played.columns)

    def always(self, path: str, archetype: Any) -> None:
        """Send what holds at all times; the newest counts."""
        self.stream.log(self._entity(path), archetype, static=True)

    def page(self, path: str, text: str) -> None:
        """Send Markdown that holds at all times."""
        import rerun as rr

        self.always(path, rr.TextDocument(text, media_type=rr.MediaType.MARKDOWN))

    def properties(self, name: str, values: Mapping[str, Any]) -> None:
        """Send properties of the recording; later ones win."""
        found = properties(values)
        if found is not None:
            self.stream.send_property(name, found)

    def layout(self, layout: Blueprint, *, make_active: bool) -> None:
        """Send how a viewer opens the recording; see `send_layout`."""
        send_layout(self.stream, layout, make_active=make_active)

    def flush(self, deadline: float) -> None:
        """Hand everything on by a deadline, in `time.monotonic` seconds."""
        for stream in self.streams:
            try:
                stream.flush(timeout_sec=max(0.1, deadline - time.monotonic()))
            except RuntimeError as why:
                self._ended = self._file is not None and "timed out" not in str(why)
                raise

    def let_go(self, deadline: float) -> bool:
        """Disconnect, and say whether Rerun was done by the deadline."""
        return let_go(self.streams, deadline)

    def _entity(self, path: str) -> str:
        entity = self._entities.get(path)
        if entity is None:
            import rerun as rr

            entity = self._entities[path] = str(rr.new_entity_path(path.split("/")))
        return entity


@cache
def warm_up() -> None:
    """The first columns cost a fifth of a second of imports (0.41): spend it before training."""
    lanes = Lanes("triptych", "warm-up")
    memory = lanes.stream.memory_recording()
    now = np.zeros(1)
    lanes.curves((now.astype(int), now.astype(int) - 1, now), {"warm": now})
    memory.drain_as_bytes()
    lanes.let_go(time.monotonic() + 1.0)


def _times(stamp: Stamp) -> list[Any]:
    import rerun as rr

    when = np.array([int(stamp.time * 1e9)], dtype="datetime64[ns]")
    times = [rr.TimeColumn("step", sequence=[stamp.step])]
    if stamp.epoch is not None:
        times.append(rr.TimeColumn("epoch", sequence=[stamp.epoch]))
    return [*times, rr.TimeColumn("log_time", timestamp=when)]


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
