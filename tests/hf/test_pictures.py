"""`draw` is given what the model saw, when it is due, and without another pass."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.hf.small import Digits, make_callback, make_model, make_trainer, recording, run_of
from tests.support import rrd
from triptych import Every, Image
from triptych.hf.tap import Tap
from triptych.sinks.memory import MemorySink


def draw_first(inputs: Any, outputs: Any, model: Any) -> dict[str, Image]:  # noqa: ARG001
    """The first picture of the batch, with the class it was taken for."""
    said = outputs["logits"][0].argmax()
    return {"first": Image(inputs["pixel_values"][0], caption=str(int(said)))}


def pictures(path: Path, entity: str) -> list[tuple[int | None, Any]]:
    """Steps and pixels."""
    return [(step, np.asarray(picture)) for step, picture in rrd.images(path, entity)]


def as_bytes(pixels: torch.Tensor) -> Any:
    """Pixels 0 to 1 as a recording holds them."""
    return np.round(pixels[0].numpy() * 255).astype(np.uint8)


def test_what_is_drawn_is_what_the_model_saw(tmp_path: Path) -> None:
    """The recording's pictures are the pixels of the batches, and no pass was added for them."""
    seen: list[tuple[bool, Any]] = []
    model = make_model()
    model.register_forward_pre_hook(
        lambda module, _, kwargs: seen.append(
            (module.training, as_bytes(kwargs["pixel_values"][0]))
        ),
        with_kwargs=True,
    )
    callback = make_callback(tmp_path, draw=draw_first, every=Every(steps=1))
    with callback:
        make_trainer(tmp_path, callback, model=model, eval_strategy="epoch").train()

    trained = [pixels for training, pixels in seen if training]
    (evaluated, _) = [pixels for training, pixels in seen if not training]
    drawn = pictures(recording(callback), "/train/first")
    assert len(seen) == 3 + 2  # three updates, and two batches of eight digits
    assert [step for step, _ in drawn] == [1, 2, 3]
    for (_, picture), pixels in zip(drawn, trained, strict=True):
        np.testing.assert_array_equal(picture, pixels)
    ((step, picture),) = pictures(recording(callback), "/eval/first")
    assert step == 3
    np.testing.assert_array_equal(picture, evaluated)


def test_only_due_steps_are_drawn(tmp_path: Path) -> None:
    """Every(steps=2) asks for updates 1, 3 and 5, each once, however many batches they have."""
    steps = []
    callback = make_callback(tmp_path, every=Every(steps=2), draw=lambda *_: steps.append(1) or {})
    with callback:
        make_trainer(
            tmp_path, callback, num_train_epochs=4, gradient_accumulation_steps=2, max_steps=5
        ).train()

    assert len(steps) == 3


def test_samples_are_followed(tmp_path: Path) -> None:
    """`follow` draws the first samples of the evaluation set each time, whatever `every` says."""
    callback = make_callback(tmp_path, draw=draw_first, every=Every(steps=100), follow=5)
    with callback:
        make_trainer(tmp_path, callback, num_train_epochs=2, eval_strategy="epoch").train()

    wanted = Digits(8, start=100).pixels
    for place in range(5):
        found = pictures(recording(callback), f"/eval/sample-{place}/first")
        assert [step for step, _ in found] == [3, 6]
        for _, picture in found:
            np.testing.assert_array_equal(picture, as_bytes(wanted[place]))
    assert "/eval/sample-5/first" not in rrd.entities(recording(callback))
    assert [step for step, _ in pictures(recording(callback), "/eval/first")] == [3]


def test_a_model_made_anew_is_watched(tmp_path: Path) -> None:
    """The hook moves on to each model that `model_init` makes, and none is left behind."""
    made: list[Any] = []

    def model_init() -> Any:
        made.append(make_model())
        return made[-1]

    callback = make_callback(tmp_path, draw=draw_first, every=Every(steps=1))
    with callback:
        trainer = make_trainer(tmp_path, callback, model_init=model_init)
        trainer.train()
        trainer.train()

    assert len(pictures(recording(callback, 1), "/train/first")) == 3
    assert len(pictures(recording(callback, 2), "/train/first")) == 3
    assert [len(model._forward_hooks) for model in made] == [0, 0, 0]


def test_a_draw_that_raises_changes_nothing(tmp_path: Path) -> None:
    """It is told once with its traceback, and the weights are those of a training without it."""

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("nothing to see")

    callback = make_callback(tmp_path, draw=broken, every=Every(steps=1))
    with callback:
        trainer = make_trainer(tmp_path, callback)
        trainer.train()
    alone = make_trainer(tmp_path, None)
    alone.train()

    for mine, other in zip(trainer.model.parameters(), alone.model.parameters(), strict=True):
        assert torch.equal(mine, other)
    lines = (run_of(callback).dir / "train.log").read_text()
    assert lines.count("draw raised ZeroDivisionError") == 1
    assert lines.count("ZeroDivisionError: nothing to see") == 1
    assert run_of(callback).status == "finished"


def test_a_draw_may_ask_for_the_processing_class(tmp_path: Path) -> None:
    """A parameter of that name gets the Trainer's `processing_class`."""
    asked = []

    def draw(inputs: Any, outputs: Any, model: Any, processing_class: Any) -> dict[str, Any]:  # noqa: ARG001
        asked.append(processing_class)
        return {}

    processor = object()
    callback = make_callback(tmp_path, draw=draw)
    with callback:
        trainer = make_trainer(tmp_path, callback)
        trainer.callback_handler.processing_class = processor
        trainer.train()

    assert asked == [processor]


def test_a_ready_made_draw_is_found(tmp_path: Path) -> None:
    """Without `draw`, pictures with labels and class scores are drawn as a classification."""
    sink = MemorySink()
    callback = make_callback(tmp_path, draw=None, sinks=[sink])
    with callback:
        make_trainer(tmp_path, callback).train()

    drawn = {one.path: one.value.caption for one in sink.records if isinstance(one.value, Image)}
    assert sorted(drawn) == [f"train/samples/{place}" for place in range(4)]
    assert all(re.fullmatch(r"label \d: \d \d+%, \d \d+%, \d \d+%", one) for one in drawn.values())


def test_a_pass_without_labels_gives_way() -> None:
    """An evaluation that generates calls the model without labels first; that with them is kept."""
    tap = Tap(lambda: True)
    model = make_model().eval()
    tap.install(model)
    pixels = Digits(2).pixels
    model(pixel_values=pixels)
    model(pixel_values=pixels, labels=torch.tensor([1, 2]))
    model(pixel_values=pixels)
    seen = tap.take()
    tap.remove()

    assert seen is not None
    assert seen.inputs["labels"].tolist() == [1, 2]
    assert seen.samples(1, 2).inputs["labels"].tolist() == [2]
    assert seen.samples(1, 2).outputs.logits.shape == (1, 10)
    assert tap.take() is None


@pytest.mark.parametrize("training", [True, False])
def test_passes_without_gradients_are_left_out_in_training(training: bool) -> None:
    """Generation between updates is no training batch; an evaluation never has gradients."""
    tap = Tap(lambda: True)
    model = make_model().train(training)
    tap.install(model)
    with torch.no_grad():
        model(Digits(2).pixels)
    seen = tap.take()
    tap.remove()

    assert (seen is None) is training
    assert seen is None or list(seen.inputs) == ["pixel_values"]
