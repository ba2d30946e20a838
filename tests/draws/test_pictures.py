"""The ready-made draws: found by the shapes, and true to what they show."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch

from triptych.draws.pictures import draw_boxes, draw_classes, draw_masks, find_draw, picture
from triptych.visuals import Image

IMAGES = torch.rand(2, 3, 4, 6)
BOXES = {"boxes": torch.tensor([[0.0, 0.0, 2.0, 2.0]]), "labels": torch.tensor([5])}
FOUND = {**BOXES, "scores": torch.tensor([0.75])}

FOUND_BY: dict[str, tuple[Any, Any, Any]] = {
    "a pair of pictures and labels": (
        [IMAGES, torch.tensor([1, 2])],
        torch.rand(2, 5),
        draw_classes,
    ),
    "a mapping": (
        {"pixel_values": IMAGES, "labels": torch.tensor([1, 2])},
        {"loss": torch.tensor(0.5), "logits": torch.rand(2, 5)},
        draw_classes,
    ),
    "labels and a loss alone": ([IMAGES, torch.tensor([1, 2])], torch.tensor(0.5), draw_classes),
    "scores without labels": (IMAGES, torch.rand(2, 5), draw_classes),
    "masks": ([IMAGES, torch.zeros(2, 4, 6, dtype=torch.long)], torch.rand(2, 7, 4, 6), draw_masks),
    "masks with a channel": ([IMAGES, torch.zeros(2, 1, 4, 6, dtype=torch.long)], None, draw_masks),
    "scores of pixels without masks": (IMAGES, torch.rand(2, 7, 4, 6), draw_masks),
    "boxes": (([*IMAGES], [BOXES, BOXES]), [FOUND, FOUND], draw_boxes),
    "numpy": ([IMAGES.numpy(), np.array([1, 2])], None, draw_classes),
    "text": (["a", "b"], torch.rand(2, 5), None),
    "no pictures": ([torch.rand(2, 5), torch.tensor([1, 2])], torch.rand(2, 5), None),
    "a sequence": (torch.rand(2, 7, 5), torch.rand(2, 5), None),
    "nothing": (None, None, None),
}


@pytest.mark.parametrize(("batch", "outputs", "expected"), FOUND_BY.values(), ids=FOUND_BY.keys())
def test_a_draw_is_found_by_the_shapes(batch: Any, outputs: Any, expected: Any) -> None:
    """Whatever the batch is wrapped in."""
    assert find_draw(batch, outputs) is expected


def test_classes_show_label_and_the_three_likeliest() -> None:
    """Scores become shares, the likeliest first."""
    scores = torch.log(torch.tensor([[0.1, 0.6, 0.25, 0.05], [0.4, 0.3, 0.2, 0.1]]))
    drawn = draw_classes([IMAGES, torch.tensor([1, 3])], {"logits": scores}, None)

    assert {path: _image(visual).caption for path, visual in drawn.items()} == {
        "samples/0": "label 1: 1 60%, 2 25%, 0 10%",
        "samples/1": "label 3: 0 40%, 1 30%, 2 20%",
    }
    assert np.array_equal(_image(drawn["samples/0"]).to_uint8(), _uint8(IMAGES[0]))


def test_shares_stay_shares() -> None:
    """Outputs that are probabilities already are not squeezed again."""
    drawn = draw_classes(IMAGES[:1], torch.tensor([[0.9, 0.1]]), None)

    assert _image(drawn["samples/0"]).caption == "0 90%, 1 10%"


def test_predicted_ids_are_shown_as_such() -> None:
    """A step that returns the argmax."""
    drawn = draw_classes([IMAGES, torch.tensor([1, 3])], torch.tensor([2, 3]), None)

    assert _image(drawn["samples/0"]).caption == "label 1: predicted 2"


def test_masks_show_prediction_and_target() -> None:
    """The likeliest class of each pixel, and what it should be; pixels to ignore are no error."""
    target = torch.full((1, 4, 6), -1)
    target[0, 0, 0] = 2
    scores = torch.zeros(1, 3, 4, 6)
    scores[0, 1] = 1.0
    drawn = draw_masks([IMAGES[:1], target], scores, None)

    assert [*drawn] == [f"samples/0/{name}" for name in ("target", "prediction", "error")]
    assert np.array_equal(_mask(drawn["samples/0/prediction"]), np.ones((4, 6)))
    expected = np.zeros((4, 6))
    expected[0, 0] = 2
    assert np.array_equal(_mask(drawn["samples/0/error"]), expected > 0)
    assert np.array_equal(_mask(drawn["samples/0/target"]), expected)


def test_one_channel_of_scores_is_a_yes_or_no() -> None:
    """Above zero is class 1."""
    scores = torch.full((1, 1, 4, 6), -1.0)
    scores[0, 0, 1] = 1.0
    drawn = draw_masks(IMAGES[:1], scores, None)

    assert _mask(drawn["samples/0/prediction"])[:, 0].tolist() == [0, 1, 0, 0]


def test_boxes_show_prediction_and_target() -> None:
    """With labels and scores, for pictures of different sizes."""
    pictures = [torch.rand(3, 4, 6), torch.rand(3, 8, 8)]
    drawn = draw_boxes((pictures, [BOXES, BOXES]), {"found": [FOUND, FOUND]}, None)

    assert sorted(drawn) == [
        f"samples/{place}/{name}" for place in (0, 1) for name in ("prediction", "target")
    ]
    boxes = _image(drawn["samples/1/prediction"]).boxes
    assert boxes is not None
    assert boxes.scores is not None
    assert (boxes.xyxy.tolist(), boxes.scores.tolist()) == ([[0.0, 0.0, 2.0, 2.0]], [0.75])
    assert _image(drawn["samples/1/target"]).size == (8, 8)


def test_normalised_pictures_are_drawn_from_darkest_to_lightest() -> None:
    """One range for the whole batch, so that samples can be compared."""
    images = torch.full((2, 1, 2, 2), 1.0)
    images[0, 0, 0, 0] = -1.0
    drawn = draw_classes([images, torch.tensor([0, 1])], None, None)

    assert _image(drawn["samples/0"]).to_uint8().tolist() == [[0, 255], [255, 255]]
    assert _image(drawn["samples/1"]).to_uint8().tolist() == [[255, 255], [255, 255]]


def test_a_picture_of_one_value_has_a_range() -> None:
    """Grey, rather than an error."""
    assert picture(np.full((2, 2), 7.0)).to_uint8().tolist() == [[128, 128], [128, 128]]


def test_captions_hold_no_more_than_three_classes() -> None:
    """Of a thousand classes."""
    drawn = draw_classes(IMAGES[:1], torch.rand(1, 1000), None)

    assert re.fullmatch(r"\d+ \d+%, \d+ \d+%, \d+ \d+%", _image(drawn["samples/0"]).caption or "")


def _image(visual: Any) -> Image:
    assert isinstance(visual, Image)
    return visual


def _mask(visual: Any) -> Any:
    return _image(visual).mask


def _uint8(pixels: torch.Tensor) -> Any:
    return (pixels.numpy().transpose(1, 2, 0) * 255 + 0.5).astype(np.uint8)
