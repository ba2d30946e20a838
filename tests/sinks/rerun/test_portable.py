"""Archetypes of Rerun's reach the recording in its process, those too that cannot be pickled."""

from __future__ import annotations

import pickle
from pathlib import Path

import rerun as rr

from tests.support import environment, rrd, run_folder
from triptych.pipeline.records import Foreign, Record, Stamp
from triptych.sinks.rerun.portable import portable

PROGRAM = """
    import numpy as np
    import rerun as rr
    import triptych

    with triptych.run("p", root="runs", wandb=False, strict=True, console=False) as run:
        run.advance()
        run.log({
            "standard": rr.Points3D([[1, 2, 3]], labels=["a"]),
            "own": rr.AnyValues(confidence=[0.5, 0.25]),
        })
"""


def test_archetypes_arrive(tmp_path: Path) -> None:
    """With all of its components, under the names that the viewer knows."""
    environment.run(PROGRAM, environment.isolated(tmp_path), cwd=tmp_path)
    panels = run_folder.find(tmp_path / "runs")

    def parts(path: str) -> dict[str, object]:
        (row,) = rrd.rows(panels.recording, path)
        assert row.time("step") == 1
        return dict(row.components)

    assert parts("/standard")["Points3D:positions"] == [[1, 2, 3]]
    assert parts("/standard")["Points3D:labels"] == ["a"]
    assert parts("/own")["confidence"] == [0.5, 0.25]
    assert panels.story["totals"]["sinks"]["rerun"]["shed"] == {}


def test_types_survive_to_whether_an_element_may_be_null() -> None:
    """The viewer draws nothing where that was forgotten."""
    points = rr.Points3D([[1, 2, 3]], radii=0.5)
    record = portable(Record("p", Stamp(1, None, "train", 0.0), Foreign(points, "rerun")))
    sent = pickle.loads(pickle.dumps(record, 5))  # noqa: S301  # our own

    assert sent.value.value.name == "Points3D"
    for given, came in zip(
        points.as_component_batches(), sent.value.value.as_component_batches(), strict=True
    ):
        assert came.as_arrow_array().equals(given.as_arrow_array())
        assert came.as_arrow_array().type.equals(given.as_arrow_array().type)
        assert str(came.component_descriptor()) == str(given.component_descriptor())
