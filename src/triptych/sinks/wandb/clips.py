"""Films and sounds in W&B."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from triptych.rendering.clips import gif, mp4
from triptych.sinks.wandb.pictures import new_file
from triptych.visuals import Audio, Video


def show_video(video: Video, place: Path) -> Any:
    """The film, as H.264 for browsers; without PyAV a GIF of the frames, or the file as it is."""
    import wandb

    encoded = mp4(video, "libx264") or video.file
    film = isinstance(encoded, bytes)
    file = new_file(place, "mp4" if film else "gif")
    file.write_bytes(encoded if isinstance(encoded, bytes) else gif(video))
    return wandb.Video(str(file), caption=video.caption)


def show_audio(audio: Audio, place: Path) -> Any:
    """The sound, to be played."""
    import wandb

    file = new_file(place, "wav")
    file.write_bytes(audio.wav())
    return wandb.Audio(str(file), caption=audio.caption)
