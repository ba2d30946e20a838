"""Films are encoded so that their frames come back, with PyAV and without."""

from __future__ import annotations

import io
from pathlib import Path
from typing import get_args

import av
import numpy as np
import pytest
from PIL import Image as Pictures

from tests.support import environment
from triptych.rendering.clips import Codec, contact_sheet, gif, mp4
from triptych.visuals import Video

LEVELS = [0, 80, 160, 240]
FILM = np.stack([np.full((48, 64, 3), level, np.uint8) for level in LEVELS])

WITHOUT = """
    import sys
    sys.modules["av"] = None  # what Python itself does to a package that cannot be imported
    import numpy as np
    from triptych.rendering.clips import mp4
    from triptych.visuals import Video
    print(mp4(Video(np.zeros((2, 4, 6))), "libx264"))
"""


def _decoded(film: bytes) -> tuple[str, float, list[np.ndarray]]:
    with av.open(io.BytesIO(film)) as source:
        stream = source.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in source.decode(stream)]
        return stream.codec_context.name, float(stream.average_rate or 0), frames


@pytest.mark.parametrize(("codec", "name"), [("libsvtav1", "libdav1d"), ("libx264", "h264")])
def test_every_frame_comes_back(codec: Codec, name: str) -> None:
    """In its codec, at its speed, with nearly the colours it had."""
    film = mp4(Video(FILM, fps=7.5), codec)
    assert film is not None
    found, rate, frames = _decoded(film)

    assert (found, rate) == (name, 7.5)
    assert [abs(int(frame.mean()) - level) < 6 for frame, level in zip(frames, LEVELS, strict=True)]
    assert {frame.shape for frame in frames} == {(48, 64, 3)}


@pytest.mark.parametrize("codec", get_args(Codec))
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 7), (2, 33, 65)])
def test_odd_sides_and_single_frames_are_encoded(codec: Codec, shape: tuple[int, ...]) -> None:
    """Grey ones too; a missing row or column repeats the last."""
    film = mp4(Video(np.ones(shape)), codec)
    assert film is not None
    _, _, frames = _decoded(film)

    even = tuple(max(4, side + side % 2) for side in shape[1:])
    assert [frame.shape for frame in frames] == [(*even, 3)] * shape[0]
    assert min(frame.min() for frame in frames) > 240


def test_a_file_of_another_codec_is_encoded_again(tmp_path: Path) -> None:
    """One that fits stays as it is, bit by bit."""
    first = mp4(Video(FILM, fps=5), "libx264")
    assert first is not None
    path = tmp_path / "film.mp4"
    path.write_bytes(first)
    video = Video(path).own()
    second = mp4(video, "libsvtav1")

    assert mp4(video, "libx264") == first
    assert second is not None
    name, rate, frames = _decoded(second)
    assert (name, rate, len(frames)) == ("libdav1d", 5, 4)
    assert abs(frames[2].mean() - 160) < 8


def test_the_encoders_keep_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    """What they say of their settings is not for a training's terminal."""
    for codec in get_args(Codec):
        mp4(Video(FILM), codec)
    assert capfd.readouterr() == ("", "")


def test_without_pyav_there_is_no_mp4(tmp_path: Path) -> None:
    """And no error."""
    assert environment.run(WITHOUT, environment.isolated(tmp_path)) == "None\n"


def test_a_gif_has_all_frames_and_their_time() -> None:
    """For where PyAV is missing."""
    with Pictures.open(io.BytesIO(gif(Video(FILM, fps=5)))) as film:
        assert (film.format, getattr(film, "n_frames", 1), film.size) == ("GIF", 4, (64, 48))
        assert film.info["duration"] == 200
        film.seek(2)
        assert film.convert("RGB").getpixel((9, 9)) == (160, 160, 160)


def test_a_contact_sheet_has_the_first_frame_and_the_last() -> None:
    """And at most 14 between them, each with its second."""
    long = contact_sheet(Video(np.arange(100, dtype=np.uint8).repeat(4).reshape(100, 2, 2), fps=10))
    short = contact_sheet(Video(FILM, fps=2))

    assert len(long.images) == 16
    assert [long.images[place].caption for place in (0, 1, 15)] == ["0.00 s", "0.70 s", "9.90 s"]
    assert [int(long.images[place].to_uint8()[0, 0]) for place in (0, 1, 15)] == [0, 7, 99]
    assert [image.caption for image in short.images] == ["0.00 s", "0.50 s", "1.00 s", "1.50 s"]
    assert short.images[3].to_uint8().max() == 240
