"""Many pictures side by side, each with its caption."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from triptych.visuals.arrays import host_array, is_tensor, own_anywhere
from triptych.visuals.image import Image
from triptych.visuals.pixels import Layout, is_pil
from triptych.visuals.visual import changed, set_fields

MOST = 100
"""Pictures in a grid: W&B takes 108, and nobody looks at more."""


@dataclass(frozen=True, slots=True, init=False, eq=False)
class Grid:
    """Pictures that belong together: a batch, the worst samples, the frames of a film.

    Attributes:
        images: 1 to 100 pictures, row by row; each has its caption.
        columns: How many stand side by side; None for about as many as rows.
    """

    images: tuple[Image, ...]
    columns: int | None
    _batch: Any = field(repr=False)

    def __init__(
        self,
        images: Any,
        captions: Sequence[str | None] | None = None,
        columns: int | None = None,
        *,
        classes: Mapping[int, str] | Sequence[str] | None = None,
        layout: Layout | None = None,
        value_range: tuple[float, float] | None = None,
    ) -> None:
        """Check the pictures, each as `triptych.Image` does.

        Args:
            images: A sequence of `triptych.Image` or of what that takes; or a whole batch, a numpy
                array or torch tensor of shape (N, H, W), (N, H, W, 1|3|4) or (N, 1|3|4, H, W),
                which is copied from its device in one piece. N is 1 to 100.
            captions: One line for each picture, or None for a picture without.
            columns: How many stand side by side, 1 or more.
            classes: As for `triptych.Image`, for pictures that are none yet.
            layout: Likewise, of one picture.
            value_range: Likewise.

        Raises:
            TypeError: Pictures, captions or columns of another kind.
            ValueError: No pictures or too many, another number of captions, or a picture that
                `triptych.Image` refuses.
        """
        batch = images if is_tensor(images) or isinstance(images, np.ndarray) else None
        if batch is not None and batch.ndim not in (3, 4):
            raise ValueError(
                f"images of shape {tuple(batch.shape)} are not a batch: pass (N, H, W), "
                f"(N, H, W, C) or (N, C, H, W)."
            )
        if batch is None and (isinstance(images, str | Mapping | Image) or is_pil(images)):
            raise TypeError(f"images must be a sequence, not one {type(images).__name__}.")
        pictures = list(images) if batch is None else [*batch[: MOST + 1]]
        if not 1 <= len(pictures) <= MOST:
            raise ValueError(
                f"a grid has 1 to {MOST} pictures, not "
                f"{len(pictures) if batch is None else len(batch)}: pass images[:{MOST}]."
            )
        if columns is not None and operator.index(columns) < 1:
            raise ValueError(f"columns must be 1 or more, not {columns}.")
        words = _read_captions(captions, len(pictures))
        read = []
        for picture, caption in zip(pictures, words, strict=True):
            if isinstance(picture, Image):
                read.append(_with_caption(picture, caption))
            else:
                options: dict[str, Any] = {} if is_pil(picture) else {"layout": layout}
                if not is_pil(picture):
                    options["value_range"] = value_range
                read.append(Image(picture, classes=classes, caption=caption, **options))
        set_fields(self, images=tuple(read), columns=columns, _batch=batch)

    @property
    def nbytes(self) -> int:
        """Bytes held by all pictures."""
        return sum(image.nbytes for image in self.images)

    def own(self) -> Self:
        """Copy the pictures; a batch in one piece."""
        owned = changed(self)
        if self._batch is None:
            set_fields(owned, images=tuple(image.own() for image in self.images))
        else:
            batch = own_anywhere(self._batch)
            set_fields(owned, images=_with_pixels(self.images, batch), _batch=batch)
        return owned

    def pictures(self) -> tuple[Image, ...]:
        """The pictures on the host, on a worker thread; a batch comes from its device at once."""
        if self._batch is None:
            return self.images
        return _with_pixels(self.images, host_array(self._batch))


def _with_pixels(images: tuple[Image, ...], batch: Any) -> tuple[Image, ...]:
    twins = tuple(map(changed, images))
    for twin, pixels in zip(twins, batch, strict=True):
        set_fields(twin, pixels=pixels)
    return twins


def _read_captions(captions: Sequence[str | None] | None, count: int) -> Sequence[str | None]:
    if captions is None:
        return [None] * count
    if isinstance(captions, str):
        raise TypeError(f"captions must be a sequence with one for each picture, not {captions!r}.")
    if len(captions) != count:
        raise ValueError(f"there are {len(captions)} captions for {count} pictures: pass one each.")
    return captions


def _with_caption(image: Image, caption: str | None) -> Image:
    if caption is None:
        return image
    if not isinstance(caption, str):
        raise TypeError(f"caption must be a string, not {caption!r}: pass str(caption).")
    return changed(image, caption=caption)
