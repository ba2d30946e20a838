"""Archetypes of Rerun's reach the recording in its process, those too that cannot be pickled."""

from __future__ import annotations

from pathlib import Path

from tests.support import environment, rrd, run_folder

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
