"""A film keeps its frames, whatever becomes of the array or the file it came from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from triptych.visuals import Video, Visual

FILM = np.arange(4 * 5 * 6 * 3, dtype=np.uint8).reshape(4, 5, 6, 3)


@pytest.mark.parametrize(
    "frames",
    [
        FILM,
        torch.from_numpy(FILM).permute(0, 3, 1, 2),
        torch.from_numpy(FILM / np.float32(255)),
        [*FILM],
        [*torch.from_numpy(FILM)],
        np.concatenate([FILM, FILM[..., :1]], axis=-1),
    ],
    ids=["array", "channels first", "float", "list", "tensors", "transparent"],
)
def test_every_form_is_the_same_film(frames: object) -> None:
    """Frame by frame; transparency is left out."""
    video = Video(frames).own()

    assert (len(video), video.size) == (4, (6, 5))
    assert [pixels.tolist() for pixels in video.pictures()] == FILM.tolist()


def test_grey_and_normalised_frames_are_drawn() -> None:
    """(T, H, W), between the values that are named."""
    video = Video(torch.tensor([[[-1.0, 0.2]], [[1.0, 9.0]]]), value_range=(-1, 1))

    assert [pixels.tolist() for pixels in video.pictures()] == [[[0, 153]], [[255, 255]]]


def test_own_is_a_copy() -> None:
    """Writing into the frames does not change the owned film."""
    frames = FILM.copy()
    owned = Video(frames, fps=24, caption="c").own()
    frames[:] = 0

    assert next(owned.pictures()).tolist() == FILM[0].tolist()
    assert (owned.fps, owned.caption, owned.nbytes) == (24, "c", FILM.nbytes)
    assert isinstance(owned, Visual)


def test_a_file_is_read_when_it_is_owned(tmp_path: Path) -> None:
    """It may be gone before a worker comes to it."""
    path = tmp_path / "film.mp4"
    path.write_bytes(b"whatever")
    video = Video(path)
    owned = video.own()
    path.unlink()

    assert (owned.file, owned.nbytes, len(owned)) == (b"whatever", 8, 0)
    assert list(owned.pictures()) == []


def test_frames_on_a_device_are_not_looked_at() -> None:
    """A meta tensor has no values to wait for."""
    assert len(Video(torch.empty((2, 3, 4, 5), device="meta"))) == 2


def test_values_out_of_range_are_found_where_they_are() -> None:
    """Those of the first frame at once, those of others by the worker."""
    frames = np.zeros((2, 3, 3))
    frames[1] = 7
    with pytest.raises(ValueError, match="must lie in 0 to 1, found 7 to 7"):
        list(Video(frames).pictures())
    with pytest.raises(ValueError, match="must lie in 0 to 1, found 7 to 7"):
        Video(frames[1:])


@pytest.mark.parametrize(
    ("frames", "options", "message"),
    [
        (np.zeros((5, 6)), {}, "are not a film"),
        (np.zeros((0, 5, 6)), {}, "frames are empty"),
        ([], {}, "frames are empty"),
        ([FILM[0], FILM[0, 1:]], {}, "must be of one shape"),
        (FILM[..., :2], {}, "neither 1, 3 nor 4 channels"),
        (FILM, {"fps": 0}, "fps must be frames in a second"),
        ("film.avi", {}, r"'film.avi' is no \.mp4 file"),
    ],
)
def test_what_is_no_film_is_told(frames: object, options: dict[str, float], message: str) -> None:
    """Shapes, speeds and files are checked when it is built."""
    with pytest.raises(ValueError, match=message):
        Video(frames, **options)  # type: ignore[arg-type]


def test_what_are_no_frames_is_told() -> None:
    """Other kinds, and files that are not there."""
    with pytest.raises(TypeError, match="frames must be a numpy array"):
        Video(3)
    with pytest.raises(TypeError, match="caption must be a string"):
        Video(FILM, caption=3)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError, match=r"no file 'nowhere\.mp4'"):
        Video("nowhere.mp4")
