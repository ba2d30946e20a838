"""What Rerun shows for each visual: archetypes, and where below the visual's path they go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from triptych.pipeline.sink import NotShown
from triptych.visuals import Histogram, Image, Table, Text

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
        boxes = image.boxes
        labels = boxes.labels
        if boxes.scores is not None:
            names = labels or [
                image.classes.get(int(key), str(key))
                for key in (boxes.class_ids if boxes.class_ids is not None else ())
            ]
            scores = [f"{score:.2f}" for score in boxes.scores]
            labels = tuple(f"{a} {b}" for a, b in zip(names, scores, strict=True)) or tuple(scores)
        yield (
            "boxes",
            rr.Boxes2D(
                array=boxes.xyxy,
                array_format=rr.Box2DFormat.XYXY,
                labels=labels,
                class_ids=boxes.class_ids,
            ),
        )
    if image.mask is not None:
        yield "mask", rr.SegmentationImage(image.mask.astype(np.uint16), opacity=0.5)
    if image.keypoints is not None:
        yield "keypoints", rr.Points2D(image.keypoints)
    if image.caption is not None:
        yield "caption", rr.TextDocument(image.caption)
