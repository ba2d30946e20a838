"""Films and sounds in Rerun."""

from __future__ import annotations

import numpy as np

from triptych.pipeline.sink import NotShown
from triptych.rendering.clips import contact_sheet, mp4
from triptych.rendering.sheet import sheet
from triptych.sinks.rerun.parts import Parts, Played
from triptych.sinks.rerun.pictures import caption_below, picture
from triptych.visuals import Audio, Video
from triptych.visuals.encoding import encode


def show_video(video: Video) -> Parts:
    """The film; its first frame stands at the step, and on `log_time` the viewer plays it.

    Without PyAV, some frames side by side. A file that is not AV1 is encoded again, since viewers
    decode others with FFmpeg only; without PyAV it comes as it is.

    Raises:
        NotShown: If Rerun cannot read the file.
    """
    import rerun as rr

    encoded = mp4(video, "libsvtav1") or video.file
    if not isinstance(encoded, bytes):
        yield from _frames(video)
        return
    asset = rr.AssetVideo(contents=encoded, media_type="video/mp4")
    try:
        times = asset.read_frame_timestamps_nanos()
    except RuntimeError as error:
        raise NotShown(f"Rerun cannot read this film: {error}.") from error
    yield "", asset
    yield "", rr.VideoFrameReference(nanoseconds=int(times[0]))
    yield "", Played(np.asarray(times[1:]), rr.VideoFrameReference.columns_nanos(times[1:]))
    yield from _caption(video.caption, video.size)


def show_audio(audio: Audio) -> Parts:
    """The sound; the viewer draws its wave, and plays it on `log_time`."""
    import rerun as rr

    yield "", rr.AssetAudio(contents=audio.wav(), media_type="audio/wav")
    yield from _caption(audio.caption, None)


def _frames(video: Video) -> Parts:
    pixels = sheet(contact_sheet(video))
    yield picture(encode(pixels))
    yield from _caption(video.caption, (pixels.shape[1], pixels.shape[0]))


def _caption(caption: str | None, size: tuple[int, int] | None) -> Parts:
    """Below what has a size; else kept beside it, where the viewer shows it to who selects it."""
    import rerun as rr

    if caption is not None:
        yield caption_below(caption, *size) if size else ("caption", rr.AnyValues(caption=caption))
