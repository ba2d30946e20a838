"""Pictures in Rerun: an encoded image, and what lies over it as entities below."""

from __future__ import annotations

from typing import Any

import numpy as np

from triptych.sinks.rerun.parts import Parts
from triptych.visuals import Image
from triptych.visuals.annotations import Boxes

_ON_SCREEN = -4.0  # a negative radius is in points on the screen, not in pixels of the picture
_KEYPOINTS = (255, 220, 60)
_CAPTION = (220, 220, 220)


def show_image(image: Image) -> Parts:
    """The picture; boxes, mask, keypoints and caption below it."""
    import rerun as rr

    encoded = image.encode()
    yield "", rr.EncodedImage(contents=encoded.data, media_type=encoded.media_type)
    if image.boxes is not None:
        yield "boxes", _boxes(image.boxes, image.classes)
    if image.mask is not None:
        yield "mask", rr.SegmentationImage(image.mask.astype(np.uint16), opacity=0.5)
    if image.keypoints is not None:
        yield "keypoints", rr.Points2D(image.keypoints, radii=_ON_SCREEN, colors=_KEYPOINTS)
    if image.caption is not None:
        # A 2D view draws no text but labels, and a single label in the middle of all its points:
        # these two make room for it below the picture.
        middle, bottom = encoded.width / 2, encoded.height
        place = [(middle, bottom), (middle, bottom * 1.15)]
        yield "caption", rr.Points2D(place, radii=0, labels=image.caption, colors=_CAPTION)


def _boxes(boxes: Boxes, classes: dict[int, str]) -> Any:
    import rerun as rr

    labels = boxes.labels
    if labels is None and boxes.class_ids is not None:
        labels = tuple(classes.get(key, str(key)) for key in boxes.class_ids.tolist())
    if boxes.scores is not None:
        scores = [f"{score:.2f}" for score in boxes.scores.tolist()]
        labels = tuple(
            f"{label} {score}".lstrip()
            for label, score in zip(labels or [""] * len(scores), scores, strict=True)
        )
    # Empty, not missing: a viewer looks further back for each component that a row lacks, and
    # would write the names of earlier boxes on these.
    return rr.Boxes2D(
        array=boxes.xyxy,
        array_format=rr.Box2DFormat.XYXY,
        labels=labels or [],
        class_ids=[] if boxes.class_ids is None else boxes.class_ids,
    )
