"""What is drawn on a picture reaches the sinks in one form, whatever it came in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as PILImage

from triptych.visuals import Boxes, Image

BLACK = np.zeros((5, 6, 3), dtype=np.uint8)


def boxes_of(boxes: Any) -> Boxes:
    """Read boxes as an image of 6 x 5 does."""
    read = Image(BLACK, boxes).boxes
    assert read is not None
    return read


@pytest.mark.parametrize(
    "boxes",
    [
        [[0, 1, 2, 3.5]],
        ((0, 1, 2, 3.5),),
        np.array([[0, 1, 2, 3.5]]),
        torch.tensor([[0, 1, 2, 3.5]], dtype=torch.bfloat16, requires_grad=True),
    ],
    ids=["list", "tuple", "numpy", "torch"],
)
def test_boxes_come_from_any_array(boxes: Any) -> None:
    """Boxes alone are float32 corners without ids, names or scores."""
    read = boxes_of(boxes)
    assert (read.xyxy.dtype, read.xyxy.tolist()) == (np.float32, [[0, 1, 2, 3.5]])
    assert (read.class_ids, read.labels, read.scores) == (None, None, None)


def test_boxes_of_a_detector_keep_ids_and_scores() -> None:
    """The mapping of torchvision's detectors goes in as it is, with what else it holds."""
    read = boxes_of(
        {
            "boxes": torch.tensor([[0, 0, 1, 1], [1, 1, 2, 2]]),
            "labels": torch.tensor([3, 1]),
            "scores": torch.tensor([0.5, 0.25], requires_grad=True),
            "masks": torch.zeros((2, 1, 5, 6)),
        }
    )
    assert read.class_ids is not None
    assert read.class_ids.tolist() == [3, 1]
    assert read.scores is not None
    assert (read.scores.dtype, read.scores.tolist()) == (np.float32, [0.5, 0.25])
    assert read.labels is None
    assert read.nbytes == 32 + 4 + 8


@pytest.mark.parametrize("labels", [["cat", "dog"], np.array(["cat", "dog"], dtype=object)])
def test_boxes_keep_names(labels: Any) -> None:
    """Labels that are names stay names."""
    read = boxes_of({"boxes": np.zeros((2, 4)), "labels": labels})
    assert (read.labels, read.class_ids) == (("cat", "dog"), None)


@pytest.mark.parametrize("boxes", [[], np.zeros((0, 4)), {"boxes": torch.zeros((0, 4))}])
def test_no_boxes_are_boxes(boxes: Any) -> None:
    """A picture where nothing was found is drawn without boxes."""
    assert boxes_of(boxes).xyxy.shape == (0, 4)


def test_no_boxes_have_no_labels() -> None:
    """Empty labels and scores are taken as such."""
    read = boxes_of({"boxes": [], "labels": torch.zeros(0, dtype=torch.int64), "scores": []})
    assert read.scores is not None
    assert read.scores.tolist() == []


def test_read_boxes_are_taken_as_they_are() -> None:
    """Boxes of one picture can be drawn on another."""
    read = boxes_of([[0, 0, 1, 1]])
    assert boxes_of(read) is read


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ([0, 0, 1, 1], r"boxes of shape \(4,\) must have 4 numbers each"),
        ([[0, 0, 1]], r"boxes of shape \(1, 3\)"),
        (np.zeros((0, 5)), r"boxes of shape \(0, 5\)"),
        ([[0, 0, 1, np.nan]], "not finite"),
        ([[0, 0, 1, 1e300]], "not finite"),
        ({"labels": [1]}, r"keys \['labels'\] cannot be read"),
        ({"boxes": [[0, 0, 1, 1]], "label": [1]}, r"keys \['boxes', 'label'\] cannot be read"),
        ({"boxes": [[0, 0, 1, 1]], "labels": [1, 2]}, "2 labels for 1 boxes"),
        ({"boxes": [[0, 0, 1, 1]], "labels": []}, "0 labels for 1 boxes"),
        ({"boxes": [[0, 0, 1, 1]], "labels": [-1]}, "found -1 to -1"),
        ({"boxes": [[0, 0, 1, 1]], "scores": [0.1, 0.2]}, "2 scores for 1 boxes"),
        ({"boxes": [[0, 0, 1, 1]], "scores": [np.inf]}, "not finite"),
    ],
)
def test_boxes_that_do_not_fit_are_told(boxes: Any, message: str) -> None:
    """Wrong shapes, keys, lengths and values raise at once."""
    with pytest.raises(ValueError, match=message):
        Image(BLACK, boxes)


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ("left", "boxes must be numbers, not str"),
        ([[0, 0, 1, 1], [0, 0]], "boxes cannot be read as an array"),
        ({"boxes": [[0, 0, 1, 1]], "labels": [0.5]}, "all integers or all strings"),
    ],
)
def test_boxes_of_another_kind_are_told(boxes: Any, message: str) -> None:
    """What is no array of numbers raises TypeError."""
    with pytest.raises(TypeError, match=message):
        Image(BLACK, boxes)


@pytest.mark.parametrize(
    ("mask", "dtype", "highest"),
    [
        (np.eye(5, 6, dtype=bool), np.uint8, 1),
        (torch.eye(5, 6, dtype=torch.int64) * 255, np.uint8, 255),
        (np.eye(5, 6, dtype=np.int32) * 256, np.uint16, 256),
        (PILImage.fromarray(np.eye(5, 6, dtype=np.uint8) * 7), np.uint8, 7),
    ],
    ids=["bool", "torch", "wide", "PIL"],
)
def test_masks_hold_ids(mask: Any, dtype: type, highest: int) -> None:
    """Masks of every integer type come out in the smallest that fits."""
    read = Image(BLACK, mask=mask).mask
    assert read is not None
    assert (read.dtype, read.tolist()) == (dtype, (np.eye(5, 6, dtype=int) * highest).tolist())


def test_a_mask_covers_a_chw_picture() -> None:
    """Its size is compared with height and width, wherever the channels are."""
    assert Image(np.zeros((3, 5, 6)), mask=np.zeros((5, 6), dtype=bool)).mask is not None


@pytest.mark.parametrize(
    ("mask", "error", "message"),
    [
        (np.zeros((6, 5), dtype=int), ValueError, r"mask of shape \(6, 5\) does not cover"),
        (np.zeros((1, 5, 6), dtype=int), ValueError, r"pass one id per pixel, \(H, W\)"),
        (np.full((5, 6), -100), ValueError, "found -100 to -100: give ignored pixels"),
        (np.full((5, 6), 65536), ValueError, "must lie in 0 to 65535"),
        (np.zeros((5, 6)), TypeError, "must hold class ids, not float64"),
    ],
)
def test_masks_that_do_not_fit_are_told(mask: Any, error: type[Exception], message: str) -> None:
    """Wrong sizes, ids and dtypes raise at once."""
    with pytest.raises(error, match=message):
        Image(BLACK, mask=mask)


def test_keypoints_of_all_objects_are_gathered() -> None:
    """(N, K, 2) becomes (N * K, 2), (K, 2) stays."""
    points = Image(BLACK, keypoints=torch.arange(12).reshape(2, 3, 2)).keypoints
    assert points is not None
    assert (points.dtype, points.tolist()) == (
        np.float32,
        [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9], [10, 11]],
    )
    none = Image(BLACK, keypoints=[]).keypoints
    assert none is not None
    assert none.shape == (0, 2)


@pytest.mark.parametrize("keypoints", [np.zeros((5, 3)), [1, 2], [[np.nan, 0]]])
def test_keypoints_that_do_not_fit_are_told(keypoints: Any) -> None:
    """A third column, a flat list or NaN raises at once."""
    with pytest.raises(ValueError, match="keypoints"):
        Image(BLACK, keypoints=keypoints)


@pytest.mark.parametrize(
    "classes", [{0: "cat", 2: "dog"}, {np.int64(0): "cat", np.uint8(2): "dog"}]
)
def test_classes_by_id(classes: Any) -> None:
    """Ids of any integer type become int."""
    assert Image(BLACK, classes=classes).classes == {0: "cat", 2: "dog"}


def test_classes_by_position() -> None:
    """A sequence of names counts from 0; without any there are none."""
    assert Image(BLACK, classes=("cat", "dog")).classes == {0: "cat", 1: "dog"}
    assert Image(BLACK).classes == {}


@pytest.mark.parametrize(
    ("classes", "error", "message"),
    [
        ("cat", TypeError, "a mapping of ids to names or a sequence of names, not 'cat'"),
        ({"cat": 0}, TypeError, "class id 'cat' is not an integer: map ids to names"),
        ([b"cat"], TypeError, "class 0 is called b'cat'"),
        ({-1: "cat"}, ValueError, "class id -1 is out of 0 to 65535"),
    ],
)
def test_classes_that_do_not_fit_are_told(
    classes: Any, error: type[Exception], message: str
) -> None:
    """Names where ids belong, and the other way round, raise at once."""
    with pytest.raises(error, match=message):
        Image(BLACK, classes=classes)
