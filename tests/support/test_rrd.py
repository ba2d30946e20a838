"""The reader of recordings gives back what raw Rerun wrote."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import rerun as rr
from PIL import Image

from tests.support import environment, rrd


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A recording with one of everything, closed."""
    path = tmp_path / "one.rrd"
    stream = rr.RecordingStream("support", recording_id="one")
    stream.save(path)
    stream.send_columns(
        "/train/loss",
        indexes=[rr.TimeColumn("step", sequence=[3, 1])],
        columns=rr.Scalars.columns(scalars=[0.3, 0.1]),
    )
    stream.send_property("config", rr.AnyValues(lr=pa.array([0.1]), name=pa.array(["cnn"])))
    stream.send_recording_name("first")
    stream.log("/notes", rr.TextDocument("always"), static=True)
    stream.set_time("step", sequence=2)
    stream.log("/train/loss", rr.Scalars([0.2, float("nan")]))
    stream.log("/logs/app", rr.TextLog("first line", level="INFO"))
    stream.log("/notes", rr.TextDocument("at two", media_type="text/markdown"))
    stream.log("/raw", rr.Image(np.full((2, 3, 3), 7, np.uint8)))
    stream.log("/raw", rr.Image(np.full((2, 3), 9, np.uint8)))
    stream.log("/png", rr.EncodedImage(contents=_png(), media_type="image/png"))
    stream.log("/float", rr.Image(np.zeros((2, 3), np.float32)))
    stream.reset_time()
    stream.log("/logs/app", rr.TextLog("untimed line"))
    stream.disconnect()
    return path


def _png() -> bytes:
    out = BytesIO()
    Image.new("RGB", (4, 5), (1, 2, 3)).save(out, "PNG")
    return out.getvalue()


def test_a_curve_comes_back_by_step(recording: Path) -> None:
    """Rows written out of order come back in order; two numbers in one row stay two."""
    steps, values = rrd.scalars(recording, "/train/loss")

    assert (steps.dtype.name, values.dtype.name) == ("int64", "float64")
    assert steps.tolist() == [1, 2, 2, 3]
    np.testing.assert_array_equal(values, [0.1, 0.2, np.nan, 0.3])


def test_an_unknown_entity_is_an_empty_curve(recording: Path) -> None:
    """No such entity is no error: a test then fails on the content."""
    steps, values = rrd.scalars(recording, "/train/lost")

    assert (steps.tolist(), values.tolist()) == ([], [])


def test_missing_cells_of_a_sparse_batch_are_no_numbers(tmp_path: Path) -> None:
    """A null in a record batch of many entities is left out of its entity's curve."""
    path = tmp_path / "sparse.rrd"
    stream = rr.RecordingStream("support")
    stream.save(path)
    step = pa.field("step", pa.int64(), metadata={"rerun:kind": "index"})
    cells = {"/a:Scalars:scalars": [1.0, None], "/b:Scalars:scalars": [None, 4.0]}
    fields = [pa.field(name, pa.float64()) for name in cells]
    columns = [pa.array([1, 2]), *(pa.array(values, pa.float64()) for values in cells.values())]
    schema = pa.schema([step, *fields])
    stream.send_record_batch(pa.RecordBatch.from_arrays(columns, schema=schema), index="step")
    stream.disconnect()

    curves = {p: [a.tolist() for a in rrd.scalars(path, p)] for p in rrd.scalar_paths(path)}

    assert curves == {"/a": [[1], [1.0]], "/b": [[2], [4.0]]}


def test_log_lines_come_back_in_the_order_of_logging(recording: Path) -> None:
    """Each line has its step (or None), entity, level (or None) and text."""
    assert rrd.text_log(recording) == [
        (2, "/logs/app", "INFO", "first line"),
        (None, "/logs/app", None, "untimed line"),
    ]


def test_raw_and_encoded_pictures_come_back_as_pixels(recording: Path) -> None:
    """Grey, RGB and PNG pictures have the size and the colours that were logged."""
    (two, rgb), (_, grey) = rrd.images(recording, "/raw")
    ((_, png),) = rrd.images(recording, "/png")

    assert two == 2
    np.testing.assert_array_equal(np.asarray(rgb), np.full((2, 3, 3), 7, np.uint8))
    np.testing.assert_array_equal(np.asarray(grey), np.full((2, 3), 9, np.uint8))
    np.testing.assert_array_equal(np.asarray(png), np.full((5, 4, 3), (1, 2, 3), np.uint8))


def test_a_float_picture_is_refused(recording: Path) -> None:
    """A picture whose pixels cannot be compared as 8-bit values is an error, not a guess."""
    with pytest.raises(ValueError, match="The picture at /float is"):
        rrd.images(recording, "/float")


def test_properties_and_documents_come_back(recording: Path) -> None:
    """The config, Rerun's own properties and both documents are there."""
    found = rrd.properties(recording)

    assert found["config"] == {"lr": [0.1], "name": ["cnn"]}
    assert found["RecordingInfo:name"] == ["first"]
    assert rrd.documents(recording) == [(None, "/notes", "always"), (2, "/notes", "at two")]


def test_entities_timelines_and_components_are_named(recording: Path) -> None:
    """The inventory of a recording leaves out what Rerun reserves for itself."""
    places = {"/train/loss", "/logs/app", "/notes", "/raw", "/png", "/float"}
    assert rrd.entities(recording) == places
    assert rrd.timelines(recording) == {"log_time": "timestamp[ns]", "step": "int64"}
    assert [row.components for row in rrd.rows(recording, "/logs/app")] == [
        {"TextLog:level": ["INFO"], "TextLog:text": ["first line"]},
        {"TextLog:text": ["untimed line"]},
    ]


def test_a_closed_file_is_sound(recording: Path) -> None:
    """`rerun rrd verify` passes a file that was closed."""
    assert rrd.verify(recording) == 0


def test_a_killed_writers_file_is_read_to_its_end(tmp_path: Path) -> None:
    """Without a footer the file fails `verify`, and its rows are there all the same."""
    program = """
        import rerun as rr
        stream = rr.RecordingStream("support")
        stream.save("killed.rrd")
        for step in range(1, 6):
            stream.set_time("step", sequence=step)
            stream.log("/loss", rr.Scalars(1 / step))
        stream.flush()
        print("flushed", flush=True)
        input()
    """
    with environment.start(program, environment.isolated(tmp_path), cwd=tmp_path) as child:
        assert child.stdout is not None
        line = child.stdout.readline()
        child.kill()
    path = tmp_path / "killed.rrd"

    assert line == "flushed\n"
    assert rrd.verify(path) == 1
    assert rrd.scalars(path, "/loss")[0].tolist() == [1, 2, 3, 4, 5]
