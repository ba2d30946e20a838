"""Pictures in Rerun: an encoded image, and what lies over it as entities below."""

from __future__ import annotations

from typing import Any

import numpy as np

from triptych.pipeline.sink import NotShown
from triptych.rendering.colours import NOTHING
from triptych.rendering.heatmaps import draw_heatmap
from triptych.rendering.sheet import sheet
from triptych.sinks.rerun.parts import Legend, Part, Parts
from triptych.visuals import Depth, Encoded, Figure, Grid, Heatmap, Image
from triptych.visuals.annotations import Boxes
from triptych.visuals.colours import class_colour, is_background, mask_names
from triptych.visuals.encoding import encode

_ON_SCREEN = -4.0  # a negative radius is in points on the screen, not in pixels of the picture
_KEYPOINTS = (255, 220, 60)
_CAPTION = (220, 220, 220)


def show_image(image: Image) -> Parts:
    """The picture; boxes, mask, keypoints and caption below it."""
    import rerun as rr

    encoded = image.encode()
    yield picture(encoded)
    if image.boxes is not None:
        yield "boxes", _boxes(image.boxes, image.classes)
    if image.mask is not None:
        names = mask_names(image.mask, image.classes)
        yield "mask", Legend(names, over=True)
        yield "mask", rr.SegmentationImage(image.mask.astype(np.uint16), opacity=0.5)
    if image.keypoints is not None:
        yield "keypoints", rr.Points2D(image.keypoints, radii=_ON_SCREEN, colors=_KEYPOINTS)
    if image.caption is not None:
        yield caption_below(image.caption, encoded.width, encoded.height)


def show_grid(grid: Grid) -> Parts:
    """One picture of them all, with boxes, masks, keypoints and captions drawn in."""
    yield picture(encode(sheet(grid)))


def show_depth(depth: Depth) -> Parts:
    """Rerun's own: the viewer tells the distance below the mouse; the range is below it.

    Where nothing was measured the viewer draws the nearest colour or the farthest (0.41): a grey
    picture lies over that.
    """
    import rerun as rr

    values = depth.raw()
    nothing = np.isnan(depth.metres())
    low, high = (end / depth.unit for end in depth.shown_range())
    name = "Grayscale" if depth.colours == "gray" else depth.colours.capitalize()
    yield (
        "",
        rr.DepthImage(
            values,
            meter=1 / depth.unit,
            colormap=rr.components.Colormap[name],
            depth_range=[low, high],
        ),
    )
    if nothing.any():
        names = {0: "background", 1: "not measured"}
        yield "nothing", Legend(names, {1: NOTHING}, over=True)
        yield "nothing", rr.SegmentationImage(nothing.astype(np.uint8), opacity=1)
    yield caption_below(depth.legend(), values.shape[1], values.shape[0])


def show_heatmap(heatmap: Heatmap) -> Parts:
    """A picture in colours, with what they mean below it."""
    encoded = draw_heatmap(heatmap)
    yield picture(encoded)
    yield caption_below(heatmap.legend(), encoded.width, encoded.height)


def show_figure(figure: Figure) -> Parts:
    """A picture; one of plotly needs the package kaleido, and a browser, to become one.

    Raises:
        NotShown: Without these.
    """
    if figure.picture is not None:
        return show_image(figure.picture)
    return show_image(Image(_plotly_picture(figure), caption=figure.caption))


def annotation_context(legend: Legend) -> Any:
    """What Rerun calls a legend."""
    import rerun as rr

    def colour(key: int, name: str) -> tuple[int, ...]:
        if legend.over and is_background(key, name):
            return 0, 0, 0, 0
        return legend.colours.get(key) or class_colour(key)

    names = legend.names.items()
    return rr.AnnotationContext([(key, name, colour(key, name)) for key, name in names])


def picture(encoded: Encoded) -> Part:
    """The picture itself, at the path of the visual."""
    import rerun as rr

    return "", rr.EncodedImage(contents=encoded.data, media_type=encoded.media_type)


def caption_below(caption: str, width: int, height: int) -> Part:
    """Words below a picture of this size, in pixels."""
    import rerun as rr

    # A 2D view draws no text but labels, and a single label in the middle of all its points:
    # these two make room for it below the picture.
    place = [(width / 2, height), (width / 2, height * 1.15)]
    return "caption", rr.Points2D(place, radii=0, labels=caption, colors=_CAPTION)


def _boxes(boxes: Boxes, classes: dict[int, str]) -> Any:
    import rerun as rr

    ids = None if boxes.class_ids is None else boxes.class_ids.tolist()
    # Empty, not missing: a viewer looks further back for each component that a row lacks, and
    # would write the names of earlier boxes on these.
    return rr.Boxes2D(
        array=boxes.xyxy,
        array_format=rr.Box2DFormat.XYXY,
        labels=boxes.captions(classes) or [],
        class_ids=ids or [],
        colors=[class_colour(key) for key in ids or [0] * len(boxes.xyxy)],
    )


def _plotly_picture(figure: Figure) -> Any:
    import io

    from PIL import Image as Pictures

    try:
        import plotly.io

        drawn = plotly.io.from_json(figure.plotly).to_image("png", scale=2)
    except Exception as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".,")
        raise NotShown(
            f"Rerun shows a figure of plotly as a picture, which plotly could not make: {reason}."
        ) from error
    return Pictures.open(io.BytesIO(drawn))
