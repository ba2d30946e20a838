"""A picture with what is drawn on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from triptych.visuals.annotations import (
    Boxes,
    read_boxes,
    read_classes,
    read_keypoints,
    read_mask,
)
from triptych.visuals.arrays import interval, nbytes, own_anywhere
from triptych.visuals.encoding import Encoded, encode
from triptych.visuals.pixels import (
    Layout,
    check_range,
    check_source,
    find_layout,
    is_pil,
    to_uint8,
)
from triptych.visuals.visual import changed, set_fields


@dataclass(frozen=True, slots=True, init=False, eq=False)
class Image:
    """A picture; it looks the same in every back end.

    Attributes:
        pixels: What was passed; after `own`, a copy that is ours.
        boxes: Rectangles, or None.
        mask: Class ids, uint8 or uint16 (H, W), or None.
        keypoints: float32 (M, 2), x and y in pixels, or None.
        classes: Names of the class ids of boxes and mask; empty when none were given.
        caption: One line below the picture, or None.
        layout: Where an array with three axes has its channels; None for (H, W) and PIL.
        value_range: The values drawn black and white; None for those of the dtype.
    """

    pixels: Any = field(repr=False)
    boxes: Boxes | None
    mask: npt.NDArray[np.uint8 | np.uint16] | None = field(repr=False)
    keypoints: npt.NDArray[np.float32] | None
    classes: dict[int, str]
    caption: str | None
    layout: Layout | None
    value_range: tuple[float, float] | None

    def __init__(
        self,
        pixels: Any,
        boxes: Any = None,
        mask: Any = None,
        keypoints: Any = None,
        classes: Mapping[int, str] | Sequence[str] | None = None,
        caption: str | None = None,
        *,
        layout: Layout | None = None,
        value_range: tuple[float, float] | None = None,
    ) -> None:
        """Check a picture and what is drawn on it.

        The values of pixels on a GPU are not looked at, so as not to wait for it; their range is
        checked by `to_uint8`.

        Args:
            pixels: A PIL image, or a numpy array or torch tensor of shape (H, W), (H, W, 1|3|4) or
                (1|3|4, H, W). uint8 and other integers are 0 to 255, uint16 is 0 to 65535, floats
                are 0 to 1; bool is black and white. NaN and -inf are drawn black, +inf white.
            boxes: (N, 4) x_min, y_min, x_max, y_max in pixels; or the mapping of a torchvision
                detector, {"boxes": (N, 4), "labels": N ids or N names, "scores": (N,)}.
            mask: (H, W) class ids in 0 to 65535, or bool. Class 0 is not drawn, as the background,
                unless `classes` gives it another name.
            keypoints: (K, 2) or (N, K, 2), x and y in pixels.
            classes: Names of the class ids: {id: name}, or a sequence where the position is the id.
            caption: One line of text.
            layout: "HWC" or "CHW", for an array where both are possible, such as (3, 5, 3).
            value_range: The values to draw black and white; what lies beyond is clipped.

        Raises:
            TypeError: An argument of a kind that cannot be drawn.
            ValueError: A shape, size or range that is wrong, or could mean two things.
        """
        pixels = check_source(pixels)
        if is_pil(pixels):
            if layout is not None or value_range is not None:
                raise ValueError(
                    f"layout and value_range are for arrays, a PIL image of mode {pixels.mode!r} "
                    f"has its own: leave them out, or pass numpy.asarray(image)."
                )
            find_layout(pixels.size, None)
        else:
            layout = find_layout(tuple(pixels.shape), layout)
            if value_range is not None:
                value_range = interval(value_range, "value_range")
            else:
                check_range(pixels)
        if not (caption is None or isinstance(caption, str)):
            raise TypeError(f"caption must be a string, not {caption!r}: pass str(caption).")
        set_fields(self, pixels=pixels, layout=layout, value_range=value_range, caption=caption)
        set_fields(
            self,
            boxes=None if boxes is None else read_boxes(boxes),
            mask=None if mask is None else read_mask(mask, self.size),
            keypoints=None if keypoints is None else read_keypoints(keypoints),
            classes={} if classes is None else read_classes(classes),
        )

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, in pixels."""
        if is_pil(self.pixels):
            width, height = self.pixels.size
        elif self.layout == "CHW":
            height, width = self.pixels.shape[1:]
        else:
            height, width = self.pixels.shape[:2]
        return int(width), int(height)

    @property
    def nbytes(self) -> int:
        """Bytes held by the pixels and by what is drawn on them."""
        if is_pil(self.pixels):
            width, height = self.size
            size = width * height * len(self.pixels.getbands())
        else:
            size = int(self.pixels.nbytes)
        return size + nbytes(self.boxes, self.mask, self.keypoints)

    def own(self) -> Self:
        """Copy the pixels to the host; the rest was copied when the picture was built.

        A PIL image that was opened, and not yet read, is read from its file here.
        """
        pixels = self.pixels.copy() if is_pil(self.pixels) else own_anywhere(self.pixels)
        return changed(self, pixels=pixels)

    def to_uint8(self) -> npt.NDArray[np.uint8]:
        """Normalise the pixels, on a worker thread.

        Returns:
            Contiguous uint8, (H, W), (H, W, 3) or (H, W, 4), to be read only: it may be the very
            memory of `pixels`.

        Raises:
            ValueError: Values outside the range of their dtype, in pixels from a device.
        """
        return to_uint8(self.pixels, self.layout, self.value_range)

    def encode(self) -> Encoded:
        """Encode the pixels, without what is drawn on them, on a worker thread.

        Returns:
            A PNG or a JPEG: see `triptych.visuals.encoding.encode`.

        Raises:
            ValueError: As `to_uint8`.
        """
        return encode(self.to_uint8())
