"""A run's numbers as files for other programs: CSV, Parquet, TensorBoard."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from triptych.archive.curve import Curve
from triptych.archive.reader import RunReader

if TYPE_CHECKING:
    from tensorboard.compat.proto.summary_pb2 import Summary

_QUEUE = 10_000  # events; with TensorBoard's own 10 the two threads mostly wait for each other


def export_csv(run: RunReader, output: Path) -> None:
    """Write all numbers as CSV, a line for each: the columns of `RunReader.table`.

    Numbers are written so that reading gives the same ones; NaN is "nan", and a number outside
    epochs has an empty cell.
    """
    import pyarrow as pa
    from pyarrow import csv

    table = run.table()
    place = table.schema.get_field_index("path")
    plain = table.column("path").cast(pa.string())  # the CSV writer knows no dictionaries
    csv.write_csv(table.set_column(place, "path", plain), output)


def export_parquet(run: RunReader, output: Path) -> None:
    """Write all numbers as Parquet: the table of `RunReader.table`."""
    from pyarrow import parquet

    parquet.write_table(run.table(), output)


def export_tensorboard(run: RunReader, output: Path) -> None:
    """Write numbers, pictures and texts as a TensorBoard event file in the folder `output`.

    Numbers keep their double precision. Epochs and levels have no place there.

    Raises:
        ImportError: tensorboard is not installed.
    """
    try:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.event_file_writer import EventFileWriter
    except ImportError as error:
        raise ImportError(
            "an export to TensorBoard needs its own writer: pip install tensorboard"
        ) from error
    writer = EventFileWriter(str(output), max_queue_size=_QUEUE)
    try:
        for step, time, summary in (*_numbers(run), *_pictures(run), *_texts(run)):
            writer.add_event(Event(step=step, wall_time=time / 1e9, summary=summary))
    finally:
        writer.close()


EXPORTS: dict[str, tuple[str, Callable[[RunReader, Path], None]]] = {
    "csv": (".csv", export_csv),
    "parquet": (".parquet", export_parquet),
    "tensorboard": ("-tensorboard", export_tensorboard),
}
"""For each format what follows the run id in the name of the output, and its function."""


def _numbers(run: RunReader) -> Iterator[tuple[int, int, Summary]]:
    """What was logged together, together: TensorBoard's writer takes its time for each event."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.proto.tensor_pb2 import TensorProto

    paths, curves = list(run.curves), list(run.curves.values())
    whole = Curve.stacked(curves)
    places = np.repeat(np.arange(len(curves)), [len(curve) for curve in curves])
    order = np.lexsort((places, whole.times, whole.steps))
    columns = (whole.steps, whole.times, places, whole.values)
    rows = zip(*(column[order].tolist() for column in columns), strict=True)
    about = _metadata("scalars")
    for (step, time), together in itertools.groupby(rows, key=lambda row: row[:2]):
        values = [
            Summary.Value(
                tag=paths[place],
                tensor=TensorProto(double_val=[number], dtype="DT_DOUBLE"),
                metadata=about,
            )
            for _, _, place, number in together
        ]
        yield step, time, Summary(value=values)


def _pictures(run: RunReader) -> Iterator[tuple[int, int, Summary]]:
    from tensorboard.compat.proto.summary_pb2 import Summary

    for path, pictures in run.pictures().items():
        for picture in pictures:
            width, height = picture.image.size
            image = Summary.Image(width=width, height=height, encoded_image_string=picture.data)
            yield picture.step, picture.time, _summary(tag=path, image=image)


def _texts(run: RunReader) -> Iterator[tuple[int, int, Summary]]:
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto

    about = _metadata("text")
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
    for line in run.texts():
        text = line.text.encode("utf-8", "replace")
        tensor = TensorProto(dtype="DT_STRING", string_val=[text], tensor_shape=shape)
        yield line.step, line.time, _summary(tag=line.path, tensor=tensor, metadata=about)


def _summary(**value: Any) -> Summary:
    from tensorboard.compat.proto.summary_pb2 import Summary

    return Summary(value=[Summary.Value(**value)])


def _metadata(plugin: str) -> Any:
    from tensorboard.compat.proto.summary_pb2 import SummaryMetadata

    return SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name=plugin))
