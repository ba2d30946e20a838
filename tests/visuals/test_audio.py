"""Sound comes out as it went in, in 16 bits."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest
import torch

from triptych.visuals import Audio, Visual


def heard(audio: Audio) -> tuple[int, int, list[int]]:
    """Read the WAV file: its channels, its rate, and all samples as they follow each other."""
    with wave.open(io.BytesIO(audio.wav())) as sound:
        assert sound.getsampwidth() == 2
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").tolist()
        return sound.getnchannels(), sound.getframerate(), samples


@pytest.mark.parametrize(
    "samples",
    [
        np.array([0.0, 0.5, -1.0, 1.0]),
        torch.tensor([0.0, 0.5, -1.0, 1.0], dtype=torch.bfloat16, requires_grad=True),
        np.array([0, 16384, -32767, 32767], np.int16),
        [0.0, 0.5, -1.0, 1.0],
        np.array([np.nan, 0.5, -1.5, np.inf]),
    ],
    ids=["float", "bfloat16 with grad", "int16", "list", "beyond"],
)
def test_every_dtype_is_the_same_sound(samples: object) -> None:
    """Floats span -1 to 1 and are clipped there; NaN is silence."""
    assert heard(Audio(samples, 8000).own()) == (1, 8000, [0, 16384, -32767, 32767])


@pytest.mark.parametrize("turned", [False, True], ids=["(N, C)", "(C, N)"])
def test_channels_may_come_first_or_last(turned: bool) -> None:
    """The smaller axis is that of the channels."""
    samples = np.array([[1, 2], [3, 4], [5, 6]], np.int16)

    assert heard(Audio(samples.T if turned else samples, 44100)) == (2, 44100, [1, 2, 3, 4, 5, 6])


def test_own_is_a_copy() -> None:
    """Writing into the samples does not change the owned sound."""
    samples = torch.ones(4)
    audio = Audio(samples, 8000, "c")
    owned = audio.own()
    samples[:] = 0

    assert heard(owned)[2] == [32767] * 4
    assert heard(audio)[2] == [0] * 4
    assert (owned.caption, owned.nbytes) == ("c", 16)
    assert isinstance(owned, Visual)


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        (np.zeros((9, 10)), 8000, r"shape \(9, 10\) must be \(N,\)"),
        (np.zeros((1, 2, 3)), 8000, "must be"),
        (np.zeros(0), 8000, "samples are empty"),
        (np.zeros(4), 0, "rate must be samples in a second"),
        (np.array([0.0, 32767.0]), 8000, r"found 3.277e\+04: divide by 32768"),
    ],
)
def test_what_is_no_sound_is_told(samples: object, rate: int, message: str) -> None:
    """Shapes, rates and ranges are checked when it is built."""
    with pytest.raises(ValueError, match=message):
        Audio(samples, rate)


@pytest.mark.parametrize("dtype", [torch.int32, torch.uint8, torch.complex64, torch.bool])
def test_other_dtypes_are_told(dtype: torch.dtype) -> None:
    """Their range is anybody's guess."""
    with pytest.raises(TypeError, match="floats in -1 to 1, or int16, not"):
        Audio(torch.zeros(4, dtype=dtype), 8000)
    with pytest.raises(TypeError, match="caption must be a string"):
        Audio(torch.zeros(4), 8000, 3)  # type: ignore[arg-type]


def test_samples_on_a_device_are_not_looked_at() -> None:
    """A meta tensor has no values to wait for."""
    assert Audio(torch.empty(5, device="meta"), 8000).nbytes == 20
