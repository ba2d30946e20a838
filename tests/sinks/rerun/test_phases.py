"""Changes of the phase are found in whatever order rows arrive."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from triptych.pipeline.records import Artifact, Batch, Columns, Record, Stamp
from triptych.sinks.rerun.phases import Phases


def _rows(path: str, rows: list[tuple[float, int, str]]) -> Columns:
    times, steps, phases = zip(*rows, strict=True)
    return Columns(
        paths=(path,),
        steps=np.array(steps),
        epochs=np.full(len(rows), -1),
        times=np.array(times, float),
        values=np.zeros((len(rows), 1)),
        phases=phases,
        logged=len(rows),
    )


def _told(phases: Phases, *blocks: Columns) -> list[tuple[int, str]]:
    return [
        (stamp.step, stamp.phase)
        for block in blocks
        for stamp in phases.changes(Batch(columns=(block,)))
    ]


def test_numbers_of_a_validation_may_come_late() -> None:
    """Training that went on meanwhile begins again after it, at the step that was its next."""
    training = _rows("train/loss", [(step, step, "train") for step in range(1, 9)])
    validation = _rows("val/loss", [(2.5, 2, "val"), (4.5, 4, "val")])

    found = _told(Phases(), training, validation)

    assert found == [(1, "train"), (2, "val"), (3, "train"), (4, "val"), (5, "train")]


def test_the_order_of_arrival_does_not_matter() -> None:
    """The same changes, found one by one or all at once; what is known is not told again."""
    rows = [(step, step, "train") for step in range(1, 40)]
    rows += [(step + 0.5, step, "val") for step in range(4, 40, 5)]
    wanted = set(_told(Phases(), _rows("all", rows)))
    shuffled = np.random.default_rng(0).permutation(len(rows)).tolist()

    phases = Phases()
    blocks = [_rows("one", [rows[place]]) for place in shuffled]
    found = [stamp for block in blocks for stamp in phases.changes(Batch(columns=(block,)))]

    assert wanted <= {(stamp.step, stamp.phase) for stamp in found}
    assert len(found) == len(set(found))


def test_changes_wait_for_what_may_come_late() -> None:
    """A picture of a validation that is here before the numbers of the training before it."""
    phases, later = Phases(), _rows("train/loss", [(step, step, "train") for step in range(1, 5)])
    picture = _rows("val/picture", [(2.5, 2, "val"), (4.5, 4, "val")])

    assert phases.changes(Batch(columns=(picture,)), until=0.5) == []
    assert phases.changes(Batch(columns=(later,)), until=0.9) == []
    found = [*phases.changes(Batch(), until=3.0), *phases.changes(Batch())]
    assert [(one.step, one.phase) for one in found] == [
        (1, "train"),
        (2, "val"),
        (3, "train"),
        (4, "val"),
    ]


def test_training_goes_on_after_the_step_of_a_validation() -> None:
    """Though it logs only every fifth step; a phase of several steps lasts as long as it logs."""
    rows = [(5, 5, "train"), (5.5, 5, "val"), (10, 10, "train"), (11, 11, "tune"), (12, 14, "tune")]
    assert _told(Phases(), _rows("all", [*rows, (20, 20, "train")])) == [
        (5, "train"),
        (5, "val"),
        (6, "train"),
        (11, "tune"),
        (15, "train"),
    ]


def test_what_is_said_of_an_earlier_step_is_no_phase() -> None:
    """A model that is uploaded in the end is said to be of the step at which it was saved."""
    saved = Artifact(Path("best.ckpt"), "checkpoint best.ckpt", "model")
    rows = _rows("val/loss", [(1, 1, "train"), (2, 2, "val")])
    late = Record("checkpoints", Stamp(1, None, "train", 3.0), saved)
    found = Phases().changes(Batch(columns=(rows,), records=(late,)))
    assert [(one.step, one.phase) for one in found] == [(1, "train"), (2, "val")]


def test_a_long_training_is_not_remembered() -> None:
    """Nor is its phase told again once its beginning is forgotten."""
    phases = Phases()
    blocks = [
        _rows("train/loss", [(step, step, "train") for step in range(start, start + 1000)])
        for start in range(0, 12_000, 1000)
    ]

    assert _told(phases, *blocks) == [(0, "train")]
    assert len(phases._moments) <= 4000
    assert _told(phases, _rows("val/loss", [(12_000, 11_999, "val")])) == [(11_999, "val")]
