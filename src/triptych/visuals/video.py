"""Pictures that move."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from triptych.visuals.arrays import (
    host_array,
    interval,
    is_tensor,
    nbytes,
    on_device,
    own_anywhere,
)
from triptych.visuals.pixels import Layout, check_source, find_layout, natural_range, to_uint8
from triptych.visuals.visual import changed, set_fields


@dataclass(frozen=True, slots=True, init=False, eq=False)
class Video:
    """A film, from frames or from a file.

    Attributes:
        frames: What was passed; after `own`, a copy that is ours. None for a file.
        file: The bytes of an mp4 file, after `own`; before that its path. None for frames.
        fps: Frames in a second; of a file, its own speed counts.
        caption: One line below, or None.
        layout: Where each frame has its channels; None for (H, W).
        value_range: The values drawn black and white; None for those of the dtype.
    """

    frames: Any = field(repr=False)
    file: Path | bytes | None = field(repr=False)
    fps: float
    caption: str | None
    layout: Layout | None
    value_range: tuple[float, float] | None

    def __init__(
        self,
        frames: Any,
        fps: float = 10,
        caption: str | None = None,
        *,
        layout: Layout | None = None,
        value_range: tuple[float, float] | None = None,
    ) -> None:
        """Check a film; of frames from the CPU the values of the first are looked at.

        Args:
            frames: A numpy array or torch tensor of shape (T, H, W), (T, H, W, 1|3|4) or
                (T, 1|3|4, H, W), with the dtypes and ranges of `triptych.Image`; a sequence of
                such frames of one shape; or the path of an .mp4 file, which `own` reads.
            fps: Frames in a second, more than 0.
            caption: One line of text.
            layout: "HWC" or "CHW", for frames where both are possible.
            value_range: The values to draw black and white; what lies beyond is clipped.

        Raises:
            TypeError: Frames or a caption of another kind.
            ValueError: No frames, a wrong shape, range or speed, or a file which is no .mp4.
            FileNotFoundError: There is no such file.
        """
        if not (caption is None or isinstance(caption, str)):
            raise TypeError(f"caption must be a string, not {caption!r}: pass str(caption).")
        if not 0 < fps < math.inf:
            raise ValueError(f"fps must be frames in a second, more than 0, not {fps!r}.")
        file = None
        if isinstance(frames, str | os.PathLike):
            file, frames = _check_file(Path(frames)), None
        else:
            frames = _check_frames(frames)
            layout = find_layout(tuple(frames.shape[1:]), layout)
            value_range = None if value_range is None else interval(value_range, "value_range")
            if value_range is None and not on_device(frames):
                natural_range(host_array(frames[0]))
        set_fields(
            self,
            frames=frames,
            file=file,
            fps=float(fps),
            caption=caption,
            layout=layout,
            value_range=value_range,
        )

    @property
    def nbytes(self) -> int:
        """Bytes held by the frames, or by the file."""
        if isinstance(self.file, Path):
            return self.file.stat().st_size
        return len(self.file) if self.file is not None else nbytes(self.frames)

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of the frames, in pixels; None for a file, which says so itself."""
        if self.frames is None:
            return None
        sides = self.frames.shape[-2:] if self.layout == "CHW" else self.frames.shape[1:3]
        return int(sides[1]), int(sides[0])

    def own(self) -> Self:
        """Copy the frames; read a file, which may be gone before a worker comes."""
        owned = changed(self)
        if isinstance(self.file, Path):
            set_fields(owned, file=self.file.read_bytes())
        elif self.frames is not None:
            set_fields(owned, frames=own_anywhere(self.frames))
        return owned

    def __len__(self) -> int:
        """How many frames there are; 0 for a file, which says so itself."""
        return 0 if self.frames is None else len(self.frames)

    def pictures(self) -> Iterator[npt.NDArray[np.uint8]]:
        """The frames one by one, normalised, on a worker thread; none of a file.

        Yields:
            uint8 (H, W) or (H, W, 3); transparency is left out.

        Raises:
            ValueError: Values outside the range of their dtype.
        """
        frames = () if self.frames is None else host_array(self.frames)
        for frame in frames:
            pixels = to_uint8(frame, self.layout, self.value_range)
            yield pixels if pixels.ndim == 2 else pixels[..., :3]  # noqa: PLR2004 - (H, W)


def _check_file(path: Path) -> Path:
    if path.suffix.lower() != ".mp4":
        raise ValueError(f"{str(path)!r} is no .mp4 file: pass one, or the frames as an array.")
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {str(path)!r}: pass the path of a film.")
    return path


def _check_frames(frames: Any) -> Any:
    if isinstance(frames, list | tuple):
        if not frames:
            raise ValueError("frames are empty: pass at least one.")
        try:
            frames = np.stack([host_array(check_source(frame)) for frame in frames])
        except ValueError as error:
            raise ValueError(f"frames must be of one shape ({error}): resize them.") from error
    elif not (is_tensor(frames) or isinstance(frames, np.ndarray)):
        raise TypeError(
            f"frames must be a numpy array, a torch tensor, a sequence of these or the path of an "
            f".mp4 file, not {type(frames).__name__}."
        )
    check_source(frames)
    if frames.ndim not in (3, 4):
        raise ValueError(
            f"frames of shape {tuple(frames.shape)} are not a film: pass (T, H, W), (T, H, W, C) "
            f"or (T, C, H, W)."
        )
    if len(frames) == 0:
        raise ValueError("frames are empty: pass at least one.")
    return frames
