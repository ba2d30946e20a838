"""Films as files; PyAV, an optional package, makes the best of them."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from triptych.rendering.priority import ordinary
from triptych.visuals import Grid, Image, Video

Codec = Literal["libsvtav1", "libx264"]
"""Rerun's viewer decodes AV1 itself, and H.264 with FFmpeg only (0.41); browsers play H.264."""

_OPTIONS = {  # one thread each, as far as they let themselves be told: the others train
    "libsvtav1": {"preset": "9", "crf": "30", "svtav1-params": "lp=1"},
    "libx264": {"preset": "veryfast", "crf": "20", "threads": "1"},
}
_RATE = Fraction(10)  # of a file that does not say
_LEAST = 4  # pixels of a side
_MOST_FRAMES = 16  # on a contact sheet


def mp4(video: Video, codec: Codec) -> bytes | None:
    """Encode a film; a file that already is of this codec stays as it is.

    Returns:
        The bytes of an mp4 file; None where PyAV is missing, lacks the encoder, or cannot read the
        file.

    Raises:
        ValueError: Values outside the range of their dtype.
    """
    try:
        import av
    except ImportError:
        return None
    os.environ.setdefault("SVT_LOG", "1")  # that encoder tells its settings on stderr otherwise
    try:
        with ordinary():
            if isinstance(video.file, bytes):
                return _encode_again(video.file, codec)
            return _encode(video.pictures(), Fraction(video.fps).limit_denominator(1000), codec)
    except av.error.FFmpegError:
        return None


def gif(video: Video) -> bytes:
    """Encode the frames of a film as a GIF: 256 colours, for where PyAV is missing.

    Raises:
        ValueError: Values outside the range of their dtype.
    """
    from PIL import Image as Pictures

    first, *rest = [Pictures.fromarray(pixels).convert("RGB") for pixels in video.pictures()]
    file = io.BytesIO()
    duration = round(1000 / video.fps)
    first.save(file, "GIF", save_all=True, append_images=rest, duration=duration, loop=0)
    return file.getvalue()


def contact_sheet(video: Video) -> Grid:
    """Up to 16 frames of a film, from the first to the last, each with its second."""
    count = len(video)
    places = sorted(set(np.linspace(0, count - 1, min(count, _MOST_FRAMES)).round().astype(int)))
    wanted = set(places)
    frames = [pixels for place, pixels in enumerate(video.pictures()) if place in wanted]
    images = [Image(pixels, layout=None if pixels.ndim < 3 else "HWC") for pixels in frames]  # noqa: PLR2004
    return Grid(images, [f"{place / video.fps:.2f} s" for place in places])


def _encode_again(file: bytes, codec: Codec) -> bytes:
    import av

    with av.open(io.BytesIO(file), "r") as source:
        stream = source.streams.video[0]
        if stream.codec_context.codec.id == av.codec.Codec(codec, "w").id:
            return file
        pictures = (
            frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
            for frame in source.decode(stream)
        )
        return _encode(pictures, stream.average_rate or _RATE, codec)


def _encode(pictures: Iterator[npt.NDArray[np.uint8]], rate: Fraction, codec: Codec) -> bytes:
    import av
    from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as film:
        stream: Any = film.add_stream(codec, rate=rate, options=_OPTIONS[codec])
        stream.pix_fmt = "yuv420p"
        # Said, not left to be guessed: players guess differently, and reds turn orange.
        stream.codec_context.colorspace = Colorspace.ITU709
        stream.codec_context.color_range = ColorRange.MPEG
        stream.codec_context.color_primaries = ColorPrimaries.BT709
        stream.codec_context.color_trc = ColorTrc.BT709
        for place, pixels in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(_padded(pixels), format="rgb24").reformat(
                format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
            )
            if place == 0:
                stream.width, stream.height = frame.width, frame.height
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    return file.getvalue()


def _padded(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """RGB with even sides of at least 4, as the codecs want it: the last row is repeated."""
    colours = np.stack([pixels] * 3, -1) if pixels.ndim == 2 else pixels  # noqa: PLR2004 - (H, W)
    missing = [max(_LEAST, side + side % 2) - side for side in colours.shape[:2]]
    return np.pad(colours, [(0, missing[0]), (0, missing[1]), (0, 0)], mode="edge")
