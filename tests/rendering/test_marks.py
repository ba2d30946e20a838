"""What is drawn into a picture is where it was put, in the colours of its classes."""

from __future__ import annotations

import numpy as np

from triptych.rendering.marks import marked, with_keypoints
from triptych.visuals import Image
from triptych.visuals.colours import class_colour

GREY = np.full((40, 60, 3), 100, np.uint8)


def test_a_picture_without_marks_is_itself() -> None:
    """Also grey ones, which become RGB, and enlarged ones, whose pixels stay squares."""
    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert np.asarray(marked(Image(pixels))).tolist() == np.stack([pixels] * 3, -1).tolist()
    enlarged = np.asarray(marked(Image(pixels), 2))
    assert enlarged[..., 0].tolist() == pixels.repeat(2, 0).repeat(2, 1).tolist()


def test_masks_tint_all_but_the_background() -> None:
    """Half the picture, half the colour of the class; class 0 only where it has a name."""
    mask = np.zeros((40, 60), int)
    mask[10:20], mask[20:] = 1, 300
    for names, background in ((None, [100] * 3), ({0: "sky"}, None)):
        drawn = np.asarray(marked(Image(GREY, mask=mask, classes=names)))
        expected = [(50 + np.array(class_colour(key)) * 0.5).tolist() for key in (0, 1, 300)]
        assert drawn[5, 5].tolist() == (background or [int(part) for part in expected[0]])
        assert drawn[15, 5].tolist() == [int(part) for part in expected[1]]
        assert drawn[25, 5].tolist() == [int(part) for part in expected[2]]


def test_boxes_are_outlines_in_the_colour_of_their_class() -> None:
    """Enlarged with the picture, cut off at its edge, with their names above."""
    boxes = {"boxes": [[10, 20, 30, 35], [50, 30, 90, 50]], "labels": [1, 2]}
    drawn = np.asarray(marked(Image(GREY, boxes, classes={1: "cat"}), 2))

    assert drawn.shape == (80, 120, 3)
    assert drawn[60, 20].tolist() == list(class_colour(1))
    assert drawn[60, 30].tolist() == [100] * 3
    assert drawn[62, 101].tolist() == list(class_colour(2))
    label = drawn[24:40, 20:50].reshape(-1, 3)
    assert (label == class_colour(1)).all(axis=1).mean() > 0.3
    assert label.max(axis=1).min() < 60  # its letters


def test_keypoints_are_dots() -> None:
    """Those outside of the picture are not; transparency stays."""
    drawn = with_keypoints(Image(GREY, keypoints=[[30, 20], [-50, 5], [500, 5]]))
    assert drawn[20, 30].tolist() == [255, 220, 60]
    assert (drawn != GREY).any(axis=-1).sum() < 20

    clear = np.dstack([GREY, np.zeros((40, 60), np.uint8)])
    assert with_keypoints(Image(clear, keypoints=[[30, 20]]))[0, 0].tolist() == [100, 100, 100, 0]
