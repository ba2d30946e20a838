"""The usual pictures are made of tensors as models and data sets give them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from triptych.visuals import (
    Depth,
    Grid,
    Heatmap,
    Image,
    classification,
    depth,
    detection,
    segmentation,
)

NAMES = ["cat", "dog", "bird"]
PIXELS = torch.rand(3, 4, 6)


def _image(visual: Any) -> Image:
    assert isinstance(visual, Image)
    return visual


def test_classification_shows_label_and_likeliest() -> None:
    """Of logits and of probabilities, with the names of the classes."""
    chances = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
    for scores in (chances, chances.log(), chances.log().bfloat16()):
        grid = classification(torch.rand(2, 1, 8, 8), torch.tensor([0, 1]), scores, NAMES)[
            "predictions"
        ]
        assert isinstance(grid, Grid)
        assert [image.caption for image in grid.images] == [
            "label cat: cat 70%, dog 20%, bird 10%",
            "label dog: bird 60%, dog 30%, cat 10%",
        ]


def test_classification_shows_what_there_is() -> None:
    """Predicted ids, labels alone, pictures alone; at most as many as asked for."""
    images = torch.randn(20, 3, 8, 8)  # normalised
    grids: list[Any] = [
        classification(images, scores=torch.arange(20))["predictions"],
        classification(images, torch.arange(20), most=3)["predictions"],
        classification([*images])["predictions"],
    ]

    assert [len(grid.images) for grid in grids] == [16, 3, 16]
    assert grids[0].images[2].caption == "predicted 2"
    assert grids[1].images[2].caption == "label 2"
    assert grids[2].images[2].caption is None
    assert len({image.value_range for image in grids[0].images}) == 1


@pytest.mark.parametrize(
    "prediction",
    [
        torch.nn.functional.one_hot(torch.arange(24).reshape(4, 6) % 3, 3).permute(2, 0, 1).float(),
        torch.arange(24).reshape(4, 6) % 3,
        (np.arange(24).reshape(1, 4, 6) % 3).astype(np.uint8),
    ],
    ids=["logits", "ids", "one channel"],
)
def test_segmentation_shows_target_prediction_and_error(prediction: object) -> None:
    """Pixels to ignore are no error and have no class."""
    target = torch.arange(24).reshape(4, 6) % 3
    target[0, :4] = torch.tensor([-100, 255, 2, 2])
    drawn = segmentation(PIXELS, target, prediction, NAMES)

    assert list(drawn) == ["target", "prediction", "error"]
    shown = {name: _image(visual) for name, visual in drawn.items()}
    assert np.array_equal(shown["prediction"].mask, np.arange(24).reshape(4, 6) % 3)
    assert shown["target"].mask is not None
    assert shown["target"].mask[0].tolist() == [0, 0, 2, 2, 1, 2]
    assert shown["error"].mask is not None
    assert np.argwhere(shown["error"].mask).tolist() == [[0, 3]]
    assert shown["error"].caption == "4.5% of the pixels are wrong"
    assert (shown["error"].classes, shown["target"].classes[1]) == ({1: "wrong"}, "dog")


def test_segmentation_of_one_class_is_a_yes_or_no() -> None:
    """A logit above 0 is class 1, and so is True."""
    logits = torch.full((1, 4, 6), -1.0)
    logits[0, 1] = 2.0
    for prediction in (logits, logits[0] > 0):
        (visual,) = segmentation(PIXELS, prediction=prediction).values()
        mask = _image(visual).mask
        assert mask is not None
        assert mask[:, 0].tolist() == [0, 1, 0, 0]


def test_detection_leaves_out_what_scores_low() -> None:
    """And says how many; as torchvision's detectors return them, other keys included."""
    target = {"boxes": torch.tensor([[0.0, 0, 2, 2]]), "labels": torch.tensor([1]), "area": 4}
    found = {
        "boxes": torch.tensor([[0.0, 0, 2, 3], [1, 1, 2, 2]]),
        "labels": torch.tensor([1, 0]),
        "scores": torch.tensor([0.9, 0.1]),
        "masks": torch.zeros(2, 1, 4, 6),
    }
    drawn = detection(PIXELS, target, found, classes=NAMES)

    truth, said = _image(drawn["target"]), _image(drawn["prediction"])
    assert truth.boxes is not None
    assert said.boxes is not None
    assert truth.boxes.captions(truth.classes) == ("dog",)
    assert said.boxes.captions(said.classes) == ("dog 0.90",)
    assert said.boxes.xyxy.tolist() == [[0, 0, 2, 3]]
    assert said.caption == "1 of 2 boxes score 0.5 or more"


def test_detection_takes_boxes_and_scores_apart() -> None:
    """And a picture in which nothing was found."""
    drawn = detection(PIXELS, None, torch.zeros(0, 4), torch.zeros(0))

    assert list(drawn) == ["prediction"]
    assert _image(drawn["prediction"]).caption == "0 of 0 boxes score 0.5 or more"


def test_depth_shows_both_in_the_colours_of_the_truth() -> None:
    """And the error in metres, where there is a truth."""
    target = torch.tensor([[1.0, 2.0], [0.0, 3.0]])
    prediction = torch.tensor([[[1.5, 2.0], [9.0, 9.0]]])
    drawn = depth(torch.rand(3, 2, 2), target, prediction)

    assert list(drawn) == ["image", "target", "prediction", "error"]
    shown, error = drawn["prediction"], drawn["error"]
    assert isinstance(shown, Depth)
    assert isinstance(error, Heatmap)
    assert shown.range == (1, 3)
    np.testing.assert_allclose(error.matrix(), [[0.5, 0.0], [np.nan, 6.0]])
    assert error.legend() == "mean error 2.17 m, from 0 to 6"


def test_depth_shows_what_there_is() -> None:
    """A prediction alone, in millimetres; a truth that was nowhere measured."""
    (alone,) = depth(prediction=np.array([[500, 2000]], np.uint16)).values()
    nowhere = depth(target=np.zeros((2, 2)), prediction=np.ones((2, 2)))["error"]

    assert isinstance(alone, Depth)
    assert alone.range == pytest.approx((0.5, 2.0))
    assert isinstance(nowhere, Heatmap)
    assert nowhere.caption == "nowhere measured"
