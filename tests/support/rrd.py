"""Reads a Rerun recording back as plain Python values, for assertions.

A file without a footer (its writer was killed) reads like any other, up to the last whole chunk.
Only the public `rerun.chunk` reader and the `rerun` command are used. Entities carry their leading
slash and Rerun's own escapes, as in "/train/loss".
"""

from __future__ import annotations

import os
import subprocess
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa
    from PIL.Image import Image

_ROW_ID = "rerun.controls.RowId"
_PROPERTIES = "/__properties"
_COLOR_MODELS = {1: "L", 2: "RGB", 3: "RGBA"}
"""`rerun.datatypes.ColorModel` to the mode of a PIL image of 8 bits a channel."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of one chunk."""

    entity: str
    batch: pa.RecordBatch
    index: int

    def __contains__(self, name: str) -> bool:
        return name in self.batch.schema.names and self.cell(name).is_valid

    @property
    def row_id(self) -> bytes:
        """Rerun's identifier of the row; the rows of one process sort by it as they were logged."""
        row_id: bytes = self.cell(_ROW_ID).as_py()
        return row_id

    @property
    def components(self) -> dict[str, Any]:
        """Every component that the row holds, as lists: `{"Scalars:scalars": [0.5]}`."""
        names = [f.name for f in self.batch.schema if f.metadata[b"rerun:kind"] == b"data"]
        return {name: self.cell(name).as_py() for name in names if name in self}

    def cell(self, name: str) -> Any:
        """Returns the Arrow scalar at a column; null where the row has no value there."""
        return self.batch.column(name)[self.index]

    def time(self, timeline: str) -> int | None:
        """Returns a step of a sequence, or nanoseconds; None where the row has no such time."""
        value: int | None = self.cell(timeline).cast("int64").as_py() if timeline in self else None
        return value


def rows(path: Path, entity: str | None = None) -> list[Row]:
    """Reads all recordings of a file (blueprints left out), in the order in which rows were logged.

    Args:
        path: an .rrd file, with or without a footer.
        entity: only the rows at exactly this entity.

    Raises:
        RuntimeError: the file is empty, damaged, or ends inside a chunk.
        ValueError: there is no such file.
    """
    return sorted(_rows(path, entity), key=lambda row: row.row_id)


def scalars(
    path: Path, entity: str, timeline: str = "step"
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Reads a curve.

    Returns:
        Steps and values, both of shape (N,), sorted by step and, within a step, as logged. A row of
        k scalars counts k times. Empty where there is no such entity.
    """
    found = [
        (step, value)
        for row in rows(path, entity)
        if "Scalars:scalars" in row and (step := row.time(timeline)) is not None
        for value in row.cell("Scalars:scalars").as_py()
    ]
    found.sort(key=lambda pair: pair[0])
    steps = np.array([step for step, _ in found], dtype=np.int64)
    return steps, np.array([value for _, value in found], dtype=np.float64)


def scalar_paths(path: Path) -> set[str]:
    """Names the entities that hold at least one number, but for the log10 of losses."""
    found = {row.entity for row in rows(path) if "Scalars:scalars" in row}
    return {entity for entity in found if not entity.startswith("/log10/")}


def entities(path: Path) -> set[str]:
    """Names the entities that hold data, the reserved ones (`/__properties`, …) left out."""
    return {row.entity for row in rows(path) if not row.entity.startswith("/__")}


def text_log(path: Path, timeline: str = "step") -> list[tuple[int | None, str, str | None, str]]:
    """Reads the log lines, in the order in which they were logged.

    Returns:
        (step, entity, level, text) of each line; the step is None where the line has none on this
        timeline.
    """
    return [
        (row.time(timeline), row.entity, _first(row, "TextLog:level"), _first(row, "TextLog:text"))
        for row in rows(path)
        if "TextLog:text" in row
    ]


def documents(path: Path, timeline: str = "step") -> list[tuple[int | None, str, str]]:
    """Reads the text documents, those among the properties included, in the order of logging.

    Returns:
        (step, entity, text) of each; the step is None for a static document.
    """
    return [
        (row.time(timeline), row.entity, _first(row, "TextDocument:text"))
        for row in rows(path)
        if "TextDocument:text" in row
    ]


def images(path: Path, entity: str, timeline: str = "step") -> list[tuple[int | None, Image]]:
    """Reads the pictures at an entity, encoded ones and raw ones, in the order of logging.

    Raises:
        ValueError: a raw picture is not 8 bits a channel in grey, RGB or RGBA.
    """
    return [
        (row.time(timeline), _decode(row))
        for row in rows(path, entity)
        if "EncodedImage:blob" in row or "Image:buffer" in row
    ]


def properties(path: Path) -> dict[str, Any]:
    """Reads the recording properties, the last write of each.

    Returns:
        `{"config": {"lr": [0.1]}, "RecordingInfo:name": ["cnn"], …}`: a dict of lists for each
        property, and Rerun's own (name, start_time) at the top.
    """
    found: dict[str, Any] = {}
    for row in rows(path):
        if row.entity == _PROPERTIES:
            found |= row.components
        elif row.entity.startswith(f"{_PROPERTIES}/"):
            found.setdefault(row.entity.removeprefix(f"{_PROPERTIES}/"), {}).update(row.components)
    return found


def timelines(path: Path) -> dict[str, str]:
    """Names the timelines and the Arrow type of each: "int64" (a sequence), "timestamp[ns]"."""
    return {
        field.name: str(field.type)
        for row in rows(path)
        for field in row.batch.schema
        if field.metadata[b"rerun:kind"] == b"index"
    }


def verify(path: Path) -> int:
    """Returns the exit status of `rerun rrd verify`: 0 for a sound file with its footer, else 1."""
    command = [str(executable()), "rrd", "verify", str(path)]
    env = os.environ | {"CI": "1"}  # Rerun counts no visit where CI is set
    done = subprocess.run(command, env=env, capture_output=True, check=False, timeout=60)
    return done.returncode


def executable() -> Path:
    """Finds the native `rerun` program in the installed wheel, whatever PATH says."""
    spec = find_spec("rerun_cli")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("The package 'rerun_cli' is missing: install rerun-sdk as a wheel.")
    return Path(spec.origin).with_name("rerun")


def _rows(path: Path, entity: str | None) -> Iterator[Row]:
    from rerun.chunk import RrdReader
    from rerun.error_utils import RerunWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RerunWarning)  # a killed writer leaves no footer
        reader = RrdReader(path)
        chunks = [c for store in reader.recordings() for c in reader.stream(store=store)]
    for chunk in chunks:
        if entity is None or chunk.entity_path == entity:
            batch = chunk.to_record_batch()
            yield from (Row(chunk.entity_path, batch, index) for index in range(batch.num_rows))


def _first(row: Row, name: str) -> Any:
    return row.cell(name).as_py()[0] if name in row else None


def _decode(row: Row) -> Image:
    from PIL import Image

    if "EncodedImage:blob" in row:
        blob = row.cell("EncodedImage:blob").values[0].values.to_numpy()
        return Image.open(BytesIO(blob.tobytes()))
    layout = _first(row, "Image:format")
    mode = _COLOR_MODELS.get(layout["color_model"])
    pixels = row.cell("Image:buffer").values[0].values.to_numpy()
    if mode is None or pixels.size != layout["width"] * layout["height"] * len(mode):
        raise ValueError(f"The picture at {row.entity} is {layout!r}; read it through `rows`.")
    return Image.frombytes(mode, (layout["width"], layout["height"]), pixels.tobytes())
