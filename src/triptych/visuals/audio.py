"""Something to listen to."""

from __future__ import annotations

import io
import operator
import wave
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from triptych.visuals.arrays import host_array, is_tensor, nbytes, numbers, on_device, own_anywhere
from triptych.visuals.visual import changed, set_fields

_MOST_CHANNELS = 8
_FULL = 32767
# A generator overshoots 1 a little, which is clipped; numbers like these were never meant as such.
_ABSURD = 8.0


@dataclass(frozen=True, slots=True, init=False, eq=False)
class Audio:
    """Sound, as samples.

    Attributes:
        samples: What was passed; after `own`, a copy that is ours.
        rate: Samples in a second.
        caption: One line below, or None.
    """

    samples: Any = field(repr=False)
    rate: int
    caption: str | None

    def __init__(self, samples: Any, rate: int, caption: str | None = None) -> None:
        """Check the arguments; samples on a device are not looked at, so as not to wait for it.

        Args:
            samples: Numpy array, torch tensor or sequence of shape (N,), (N, C) or (C, N), C in 1
                to 8 and the smaller of the two. Floats are -1 to 1, and clipped there; int16 spans
                its whole range. NaN is silence.
            rate: Samples in a second, such as 16000.
            caption: One line of text.

        Raises:
            TypeError: Samples which are neither floats nor int16; a caption which is not a string.
            ValueError: No samples, a wrong shape or rate, or floats far beyond -1 to 1.
        """
        if not is_tensor(samples):
            samples = numbers(samples, "samples")
        kind = str(samples.dtype).rpartition(".")[2]
        if "float" not in kind and kind != "int16":
            raise TypeError(
                f"samples must be floats in -1 to 1, or int16, not {kind}: convert them."
            )
        shape = tuple(samples.shape)
        if len(shape) not in (1, 2) or min(shape) > (
            _MOST_CHANNELS if len(shape) > 1 else max(shape)
        ):
            raise ValueError(
                f"samples of shape {shape} must be (N,), or (N, C) with up to {_MOST_CHANNELS} "
                f"channels: pass one sound."
            )
        if 0 in shape:
            raise ValueError("samples are empty: pass at least one.")
        if operator.index(rate) < 1:
            raise ValueError(f"rate must be samples in a second, 1 or more, not {rate}.")
        if not (caption is None or isinstance(caption, str)):
            raise TypeError(f"caption must be a string, not {caption!r}: pass str(caption).")
        if not on_device(samples):
            _check_loudness(host_array(samples))
        set_fields(self, samples=samples, rate=operator.index(rate), caption=caption)

    @property
    def nbytes(self) -> int:
        """Bytes held by the samples."""
        return nbytes(self.samples)

    def own(self) -> Self:
        """Copy the samples."""
        return changed(self, samples=own_anywhere(self.samples))

    def wav(self) -> bytes:
        """Encode the sound, on a worker thread.

        Returns:
            A WAV file of 16 bits.

        Raises:
            ValueError: Floats far beyond -1 to 1, in samples from a device.
        """
        samples = host_array(self.samples)
        _check_loudness(samples)
        if samples.ndim > 1 and samples.shape[0] < samples.shape[1]:
            samples = samples.T
        if samples.dtype.kind == "f":
            whole = np.nan_to_num(np.clip(samples.astype(np.float32), -1, 1) * _FULL)
            samples = np.round(whole).astype(np.int16)
        file = io.BytesIO()
        with wave.open(file, "wb") as sound:
            sound.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
            sound.setsampwidth(2)
            sound.setframerate(self.rate)
            sound.writeframes(samples.astype("<i2").tobytes())
        return file.getvalue()


def _check_loudness(samples: npt.NDArray[Any]) -> None:
    if samples.dtype.kind != "f":
        return
    finite = samples[np.isfinite(samples)]
    peak = float(np.abs(finite).max()) if finite.size else 0.0
    if peak > _ABSURD:
        raise ValueError(
            f"float samples must lie in -1 to 1, found {peak:.4g}: divide by 32768, or pass int16."
        )
