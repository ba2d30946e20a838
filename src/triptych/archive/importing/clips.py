"""Sounds and films as TensorBoard and W&B keep them: WAV of 16 bits, and animated GIF."""

from __future__ import annotations

import wave
from io import BytesIO

import numpy as np

from triptych.visuals import Audio, Video

_USUAL = 100  # milliseconds that a frame is shown, where a GIF does not say


def read_wav(data: bytes, caption: str | None = None) -> Audio:
    """The sound in a WAV file.

    Raises:
        ValueError: It is no such file, or its samples have another width.
    """
    try:
        with wave.open(BytesIO(data)) as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            frames = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError(f"a sound that is no WAV file ({error})") from error
    if width != np.dtype(np.int16).itemsize:
        raise ValueError(f"a sound of {8 * width} bits")
    samples = np.frombuffer(frames, dtype="<i2").reshape(-1, channels)
    return Audio(samples[:, 0] if channels == 1 else samples, rate, caption)


def read_gif(data: bytes, caption: str | None = None) -> Video | None:
    """The film in an animated GIF; None for a picture that stands still.

    Raises:
        OSError: It is no picture.
    """
    from PIL import Image, ImageSequence

    with Image.open(BytesIO(data)) as film:
        if getattr(film, "n_frames", 1) == 1:
            return None
        pause = float(film.info.get("duration") or _USUAL)
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)]
    return Video(np.stack(frames), 1000 / pause, caption, layout="HWC")
