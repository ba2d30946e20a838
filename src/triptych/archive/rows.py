"""Lines and pictures, as they stand in the rows of a recording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from triptych.archive.curve import Curve
from triptych.archive.recording import Recording, column
from triptych.dashboard.naming import ERRORS, EVENTS, log_level
from triptych.pipeline.records import Columns, Failure, Record, Words

if TYPE_CHECKING:
    import pyarrow as pa
    from PIL.Image import Image

_WORDS = ("TextLog:text", "TextDocument:text")
_LEVEL = "TextLog:level"
_ENCODED, _RAW, _FORMAT = "EncodedImage:blob", "Image:buffer", "Image:format"
_MODES = {1: "L", 2: "RGB", 3: "RGBA"}  # of `rerun.datatypes.ColorModel`


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log, an event, an error with its traceback, or a text that was logged.

    Attributes:
        step: When.
        path: Where: "logs/<logger>", "events", "errors", or the path it was logged to.
        level: Such as "INFO" and "WARN"; None for a text that was logged with `run.log`.
        text: The words, without their level.
        time: Nanoseconds since 1970.
        attempt: Counted from 1.
    """

    step: int
    path: str
    level: str | None
    text: str
    time: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it lies in the recording.

    Attributes:
        step: When.
        epoch: Zero-based; None outside epochs.
        time: Nanoseconds since 1970.
        data: An image file: PNG, JPEG, or what else was logged.
    """

    step: int
    epoch: int | None
    time: int
    data: bytes = field(repr=False)

    @property
    def image(self) -> Image:
        """The picture, not decoded before somebody looks at its pixels."""
        from PIL import Image

        return Image.open(BytesIO(self.data))


def lines(recording: Recording, path: str | None = None) -> list[Line]:
    """The words at one path or at all, in no order."""
    found = []
    for where, batch in recording.batches(*_WORDS, _LEVEL):
        if path in (None, where):
            texts = [_first(batch, name) for name in _WORDS]
            for (step, time), level, *words in zip(
                _times(batch, "step", "log_time"), _first(batch, _LEVEL), *texts, strict=True
            ):
                text = next((one for one in words if one is not None), None)
                if text is not None:
                    line = Line(step or 0, where, level, text, time or 0, recording.attempt)
                    found.append(line)
    return found


def line_of(record: Record, attempt: int) -> Line:
    """The line that a record of words has, or would have, in the recording."""
    value, stamp = record.value, record.stamp
    if isinstance(value, Words):
        level, path, text = log_level(value.line.levelname), record.path, value.text
    elif isinstance(value, Failure):
        level, path, text = "CRITICAL", ERRORS, value.traceback
    else:
        level = log_level(str(getattr(value, "level", "INFO")))
        path, text = EVENTS, str(getattr(value, "text", ""))
    return Line(stamp.step, path, level, text, int(stamp.time * 1e9), attempt)


def curves_of(columns: Columns, attempt: int) -> Iterator[tuple[str, Curve]]:
    """The curve that numbers have, or would have, in the recording, with the path of each."""
    times = (columns.times * 1e9).astype(np.int64)
    for place, path in enumerate(columns.paths):
        attempts = np.full(len(columns), attempt)
        values = columns.values[:, place]
        yield path, Curve(columns.steps, columns.epochs, times, values, attempts)


def pictures(recording: Recording, path: str | None = None) -> Iterator[tuple[str, Picture]]:
    """The pictures at one path or at all, with their paths, in no order.

    Encoded ones, and raw ones of 8 bits a channel in grey, RGB or RGBA.
    """
    for where, batch in recording.batches(_ENCODED, _RAW, _FORMAT, merged=False):
        if path in (None, where):
            for row, (step, epoch, time) in enumerate(_times(batch, "step", "epoch", "log_time")):
                data = _image_file(batch, row)
                if data is not None:
                    yield where, Picture(step or 0, epoch, time or 0, data)


def kind(components: set[str]) -> str:
    """What a path with these components holds: see `RunReader.paths`."""
    if "Scalars:scalars" in components:
        return "numbers"
    if components & {_ENCODED, _RAW}:
        return "pictures"
    if components & set(_WORDS):
        return "texts"
    return min((name.partition(":")[0] for name in components), default="")


def _times(batch: pa.RecordBatch, *names: str) -> Iterator[tuple[int | None, ...]]:
    found = [column(batch, name) for name in names]
    columns = [[None] * len(batch) if c is None else c.cast("int64").to_pylist() for c in found]
    return zip(*columns, strict=True)


def _cell(batch: pa.RecordBatch, row: int, name: str) -> Any:
    """The only instance of a component in a row; None where there is none."""
    found = column(batch, name)
    if found is None or not found[row].is_valid or not len(found[row].values):
        return None
    return found[row].values[0]


def _first(batch: pa.RecordBatch, name: str) -> list[str | None]:
    """The first text in each row of a column; None where there is none."""
    found = column(batch, name)
    lists = [None] * len(batch) if found is None else found.to_pylist()
    return [one[0] if one else None for one in lists]


def _image_file(batch: pa.RecordBatch, row: int) -> bytes | None:
    blob = _cell(batch, row, _ENCODED)
    if blob is not None:
        return bytes(blob.values.to_numpy().tobytes())
    buffer, layout = _cell(batch, row, _RAW), _cell(batch, row, _FORMAT)
    if buffer is None or layout is None:
        return None
    from PIL import Image

    about, pixels = layout.as_py(), buffer.values.to_numpy()
    mode, size = _MODES.get(about["color_model"] or 0), (about["width"], about["height"])
    if mode is None or len(pixels) != size[0] * size[1] * len(mode):
        return None  # 16 bits, floats or a video format
    file = BytesIO()
    Image.frombytes(mode, size, pixels.tobytes()).save(file, "PNG")
    return file.getvalue()
