"""Boxes, masks and keypoints drawn into a picture, for where nothing lies over it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from triptych.rendering.fonts import length, write
from triptych.visuals import Image
from triptych.visuals.colours import class_colour, is_background, mask_names

_KEYPOINT = (255, 220, 60)
_EDGE = (30, 30, 30)
_OPACITY = 0.5
_LETTERS = 11  # pixels


def marked(image: Image, scale: int = 1) -> Any:
    """A picture with all that belongs onto it.

    Args:
        image: The picture and its marks.
        scale: How many pixels each of its pixels becomes, along each side.

    Returns:
        A `PIL.Image` of mode RGB; transparency is left out.
    """
    from PIL import Image as Pictures
    from PIL import ImageDraw

    picture = Pictures.fromarray(image.to_uint8()).convert("RGB")
    if image.mask is not None:
        picture = Pictures.fromarray(_tinted(np.array(picture), image.mask, image.classes))
    if scale > 1:
        width, height = picture.size
        picture = picture.resize((width * scale, height * scale), Pictures.Resampling.NEAREST)
    draw = ImageDraw.Draw(picture)
    _draw_boxes(draw, image, scale)
    if image.keypoints is not None:
        _draw_keypoints(draw, image.keypoints * scale, picture.size)
    return picture


def with_keypoints(image: Image, *, mask: bool = False) -> npt.NDArray[np.uint8]:
    """The pixels with the keypoints drawn in, and with the mask if that is asked for.

    Returns:
        uint8 (H, W, 3), or (H, W, 4) of a picture with alpha.
    """
    from PIL import Image as Pictures
    from PIL import ImageDraw

    picture = Pictures.fromarray(image.to_uint8())
    picture = picture if picture.mode == "RGBA" else picture.convert("RGB")
    if mask:
        picture = Pictures.fromarray(_tinted(np.array(picture), image.mask, image.classes))
    if image.keypoints is not None:
        _draw_keypoints(ImageDraw.Draw(picture), image.keypoints, picture.size)
    return np.asarray(picture)


def _tinted(
    pixels: npt.NDArray[np.uint8], mask: Any, classes: dict[int, str]
) -> npt.NDArray[np.uint8]:
    tinted = pixels.copy()
    for class_id, name in mask_names(mask, classes).items():
        if not is_background(class_id, name):
            here = mask == class_id
            colour = np.array(class_colour(class_id))
            tinted[here, :3] = (1 - _OPACITY) * pixels[here, :3] + _OPACITY * colour
    return tinted


def _draw_boxes(draw: Any, image: Image, scale: int) -> None:
    boxes = image.boxes
    if boxes is None:
        return
    labels = boxes.captions(image.classes)
    ids = [0] * len(boxes.xyxy) if boxes.class_ids is None else boxes.class_ids.tolist()
    for place, corners in enumerate((boxes.xyxy * scale).tolist()):
        (left, right), (top, bottom) = sorted(corners[::2]), sorted(corners[1::2])
        colour = class_colour(ids[place])
        draw.rectangle((left, top, right, bottom), outline=colour, width=2)
        if labels is not None:
            words, above = labels[place], max(0, round(top) - _LETTERS - 4)
            end = left + length(words, _LETTERS) + 4
            draw.rectangle((left, above, end, above + _LETTERS + 4), fill=colour)
            write(draw, round(left) + 2, above, words, _LETTERS, _EDGE)


def _draw_keypoints(draw: Any, points: npt.NDArray[np.float32], size: tuple[int, int]) -> None:
    radius = max(1.0, max(size) / 120)
    for x, y in points.tolist():
        place = (x - radius, y - radius, x + radius, y + radius)
        draw.ellipse(place, fill=_KEYPOINT, outline=_EDGE if radius > 1 else None)
