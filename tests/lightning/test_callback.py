"""What `VisualCallback` draws, and when."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from tests.lightning.small import (
    QUIET,
    Batch,
    Small,
    loader,
    make_logger,
    make_trainer,
    recording,
)
from tests.support import rrd
from triptych.lightning import VisualCallback
from triptych.pipeline.cadence import Every
from triptych.visuals import Image

pytestmark = QUIET


class Notes:
    """A draw that remembers what it was given."""

    def __init__(self) -> None:
        self.seen: list[tuple[Any, Any, bool]] = []

    def __call__(self, batch: Batch, outputs: Any, module: Small) -> dict[str, Image]:
        """One picture, at "first"."""
        self.seen.append((batch, outputs, module.training))
        return {"first": Image(batch[0][0], layout="CHW")}


def _steps(path: Path, entity: str) -> list[int | None]:
    return [step for step, _ in rrd.images(path, entity)]


def test_it_draws_when_it_is_due_and_builds_nothing_else(tmp_path: Path) -> None:
    """Every third update; a validation when three updates have passed since the last picture."""
    notes = Notes()
    with make_logger(tmp_path) as logger:
        make_trainer(tmp_path, logger, callbacks=[VisualCallback(notes, every=Every(steps=3))]).fit(
            Small(), loader(), loader(2)
        )

    assert [training for _, _, training in notes.seen] == [True, True, False, True, False]
    assert _steps(recording(logger), "/first") == [1, 4, 4, 7, 8]


def test_a_draw_gets_copies_of_the_first_samples(tmp_path: Path) -> None:
    """Detached, on the host, and safe to change; outputs are what the step returned."""

    class Telling(Small):
        def training_step(self, batch: Batch, batch_idx: int) -> Any:
            return {"loss": self.loss(batch), "scores": self(batch[0]), "names": ["a"] * 4}

    notes = Notes()
    with make_logger(tmp_path) as logger:
        callback = VisualCallback(notes, every=Every(steps=99), stages=["train"], samples=3)
        make_trainer(tmp_path, logger, max_epochs=1, callbacks=[callback]).fit(Telling(), loader())

    ((batch, outputs, _),) = notes.seen
    assert [len(field) for field in batch] == [3, 3]
    assert torch.equal(batch[0], next(iter(loader()))[0][:3])
    assert outputs["scores"].shape == (3, 10)
    assert outputs["names"] == ["a"] * 3
    assert not outputs["scores"].requires_grad


@pytest.mark.parametrize(
    ("stage", "entry"), [("val", "validate"), ("test", "test"), ("predict", "predict")]
)
def test_each_stage_is_drawn_where_it_is_wanted(tmp_path: Path, stage: Any, entry: str) -> None:
    """Also without a training, by the ready-made draw: picture, label and what was predicted."""
    with make_logger(tmp_path) as logger:
        trainer = make_trainer(tmp_path, logger, callbacks=[VisualCallback(stages=[stage])])
        getattr(trainer, entry)(Small(), loader(2, size=3))

    pictures = [f"/{stage}/samples/{place}" for place in range(3)]
    assert [_steps(recording(logger), name) for name in pictures] == [[0], [0], [0]]


def test_stages_that_are_not_wanted_leave_no_run(tmp_path: Path) -> None:
    """Prediction is not drawn unless it is asked for."""
    with make_logger(tmp_path) as logger:
        trainer = make_trainer(tmp_path, logger, callbacks=[VisualCallback(follow=2)])
        trainer.predict(Small(), loader(2))

    assert not (tmp_path / "runs").exists()


def test_the_sanity_check_is_not_drawn(tmp_path: Path) -> None:
    """The first picture of a validation is that of the first real one."""
    with make_logger(tmp_path) as logger:
        callback = VisualCallback(every=Every(steps=1), stages=["val"])
        make_trainer(
            tmp_path, logger, max_epochs=1, num_sanity_val_steps=2, callbacks=[callback]
        ).fit(Small(), loader(), loader())

    assert _steps(recording(logger), "/val/samples/0") == [4]


def test_the_same_samples_are_followed_through_the_epochs(tmp_path: Path) -> None:
    """At each validation, whatever the cadence says, and no more than were asked for."""
    with make_logger(tmp_path) as logger:
        callback = VisualCallback(every=Every(steps=1000), stages=["val"], follow=2)
        make_trainer(tmp_path, logger, max_epochs=3, callbacks=[callback]).fit(
            Small(), loader(), loader()
        )

    first = rrd.images(recording(logger), "/val/samples/0")
    assert [step for step, _ in first] == [4, 8, 12]
    assert len({picture.tobytes() for _, picture in first}) == 1
    assert _steps(recording(logger), "/val/samples/1") == [4, 8, 12]
    assert _steps(recording(logger), "/val/samples/2") == []


def test_a_loader_that_shuffles_cannot_be_followed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Said once."""
    torch.manual_seed(3)
    with make_logger(tmp_path) as logger:
        callback = VisualCallback(stages=["val"], follow=2)
        make_trainer(tmp_path, logger, max_epochs=3, callbacks=[callback]).fit(
            Small(), loader(), loader(8, shuffle=True)
        )

    assert _told(caplog) == [
        "The samples to follow are others than before: the loader shuffles them."
    ]


def test_without_a_logger_it_says_so_and_nothing_breaks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And a fast_dev_run, whose loggers Lightning takes away, is not told anything."""
    make_trainer(
        tmp_path, make_logger(tmp_path), fast_dev_run=True, callbacks=[VisualCallback()]
    ).fit(Small(), loader(), loader())
    assert _told(caplog) == []
    make_trainer(tmp_path, logger=False, callbacks=[VisualCallback()], max_epochs=1).fit(
        Small(), loader(), loader()
    )

    assert _told(caplog) == ["VisualCallback needs a RerunLogger in the Trainer: nothing is drawn."]


def test_shapes_that_say_nothing_are_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Numbers in, numbers out: there is nothing to draw."""

    class Numbers(Small):
        def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:  # type: ignore[override]
            return self.net[1](batch).sum()

    with make_logger(tmp_path) as logger:
        callback = VisualCallback(every=Every(steps=1))
        data: DataLoader[Any] = DataLoader(torch.rand(8, 64), batch_size=2)  # type: ignore[arg-type]
        make_trainer(tmp_path, logger, callbacks=[callback], max_epochs=1).fit(Numbers(), data)

    assert _told(caplog) == ["No ready-made draw suits the train batches; pass one: draw=..."]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stages": ["validation"]}, "The stages are some of train, val, test, predict"),
        ({"stages": "train"}, "The stages are some of train, val, test, predict"),
        ({"samples": 0}, "samples is at least 1"),
        ({"follow": -1}, "follow at least 0"),
    ],
)
def test_wrong_arguments_are_refused(options: dict[str, Any], message: str) -> None:
    """When it is made, with what would be right."""
    with pytest.raises(ValueError, match=message):
        VisualCallback(**options)


def _told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == "triptych" and record.levelno >= logging.WARNING
    ]
