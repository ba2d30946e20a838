"""What Rerun shows for each visual: archetypes, and where below the visual's path they go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from triptych.pipeline.sink import NotShown
from triptych.visuals import Histogram, Image, Table, Text
from triptych.visuals.annotations import Boxes

_ON_SCREEN = -4.0  # a negative radius is in points on the screen, not in pixels of the picture
_KEYPOINTS = (255, 220, 60)
_CAPTION = (220, 220, 220)

Part = tuple[str, Any]
"""A name below the visual's own path ("" for the path itself), and an archetype."""


def archetypes(visual: Any) -> Iterator[Part]:
    """The parts of a visual, encoded; on the sink's worker.

    Raises:
        NotShown: If Rerun has no way to show it.
    """
    import rerun as rr

    if isinstance(visual, Image):
        yield from _image(visual)
    elif isinstance(visual, Text):
        media = rr.MediaType.MARKDOWN if visual.markdown else rr.MediaType.TEXT
        yield "", rr.TextDocument(visual.text, media_type=media)
    elif isinstance(visual, Table):
        yield "", rr.TextDocument(visual.to_markdown(), media_type=rr.MediaType.MARKDOWN)
    elif isinstance(visual, Histogram):
        counts, edges = visual.counts()
        centres = (edges[:-1] + edges[1:]) / 2
        yield "", rr.BarChart(counts, abscissa=centres, widths=edges[1:] - edges[:-1])
    else:
        raise NotShown(f"Rerun has no picture for {type(visual).__name__}.")


def _image(image: Image) -> Iterator[Part]:
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
