"""TensorBoard's event files, through TensorBoard's own reader."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from triptych.archive.importing.clips import read_gif, read_wav
from triptych.archive.importing.hparams import hyperparameters
from triptych.archive.importing.items import (
    About,
    Ending,
    Item,
    Number,
    Settings,
    happened,
    said,
    shown,
)
from triptych.pipeline.records import Status
from triptych.visuals import Histogram, Image, Markdown

_LOGS = re.compile(r"logs/(?P<logger>.+)")  # where an export of ours puts lines
_HPARAMS = re.compile(r"\d{9,}\.\d+")  # `add_hparams` makes a folder named by the time
_LIMIT = 1e300  # beyond it an edge stands for "everything below" or "above"
_MOST_BINS = 512  # of our histograms; torch makes up to some 1500


class EventFiles:
    """The event files of one folder, or one of them.

    Scalars, pictures, texts, sounds, histograms and hyperparameters; files in folders below it
    (`add_scalars` and `add_hparams` make those) have the folder's name before their tags. A file
    that was cut off is read up to there.

    Args:
        path: The folder or the file.

    Raises:
        ImportError: tensorboard is not installed.
        ValueError: There is no event in it.
    """

    def __init__(self, path: Path) -> None:
        self._home = path if path.is_dir() else path.parent
        files = path.rglob("*tfevents*") if path.is_dir() else [path]
        self._files = sorted(files, key=lambda file: (len(file.parts), file))
        self._kinds: dict[tuple[Path, str], str] = {}
        self.left_out: Counter[str] = Counter()
        events = (event for file in self._files for event in _events(file))
        first = next((event for event in events if event.summary.value), None)
        if first is None:
            raise ValueError(f"{str(path)!r} holds no TensorBoard event; pass the folder of a run")
        project = self._home.parent.name or "tensorboard"
        name, started = self._home.name or "run", first.wall_time
        self.about = About("TensorBoard", path, project, name, started, hyperparameters(self._home))

    def items(self) -> Iterator[Item]:
        """Read all files, those of the folder itself first, by name: the oldest first."""
        for file in self._files:
            if not _is_whole(file):
                self.left_out[f"the end of {file.name}, which was cut off"] += 1
            folder = file.parent.relative_to(self._home)
            above = [name for name in folder.parts if not _HPARAMS.fullmatch(name)]
            prefix = "".join(f"{name}/" for name in above)
            for event in _events(file):
                for value in event.summary.value:
                    try:
                        yield from self._read(file, prefix, event, value)
                    except (OSError, TypeError, ValueError) as error:
                        self.left_out[f"{prefix}{value.tag}: {error}"] += 1

    def _read(self, file: Path, prefix: str, event: Any, value: Any) -> Iterator[Item]:
        from tensorboard.util import tensor_util

        about = value.metadata.plugin_data
        # Only the first value of a tag must say what it is.
        kind = self._kinds.setdefault((file, value.tag), about.plugin_name)
        path, when = f"{prefix}{value.tag}", (event.step, None, event.wall_time)
        if kind == "hparams":
            yield from _hyperparameters(about.content)
            return
        if kind not in ("scalars", "images", "text", "histograms", "audio"):
            self.left_out[f"TensorBoard {kind or 'tensor'}"] += 1
            return
        content = tensor_util.make_ndarray(value.tensor)
        if kind == "scalars":
            yield Number(path, *when, float(content))
        elif kind == "images":
            pictures = content[2:]  # after width and height
            for place, data in enumerate(pictures):
                name = path if len(pictures) == 1 else f"{path}/{place}"
                yield shown(name, *when, read_gif(data) or Image(_opened(data)))
        elif kind == "audio":
            sounds = content if content.ndim == 1 else content[:, 0]  # before their labels
            for place, data in enumerate(sounds):
                name = path if len(sounds) == 1 else f"{path}/{place}"
                yield shown(name, *when, read_wav(data))
        elif kind == "text":
            name = path.removesuffix("/text_summary")  # torch adds it
            text = "\n".join(
                one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one)
                for one in content.ravel()
            )
            yield _words(name, when, text)
        else:
            histogram = _histogram(content)
            if histogram is None:
                self.left_out["TensorBoard histograms without values"] += 1
            else:
                yield shown(path, *when, histogram)


def _words(path: str, when: tuple[int, None, float], text: str) -> Item:
    """A text; a line or an event, if an export of ours has put it there."""
    line = _LOGS.fullmatch(path)
    if line is not None:
        return said(line["logger"], *when, text)
    return happened(*when, text) if path == "events" else shown(path, *when, Markdown(text))


def _events(file: Path) -> Iterator[Any]:
    try:
        from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
    except ImportError as error:
        raise ImportError(
            "reading TensorBoard's event files needs its own reader: pip install tensorboard"
        ) from error
    return iter(EventFileLoader(str(file)).Load())


def _is_whole(file: Path) -> bool:
    """Whether it ends with a record: its length, a checksum, its content, another checksum."""
    place, size = 0, file.stat().st_size
    with file.open("rb") as events:
        while place < size:
            events.seek(place)
            place += 16 + int.from_bytes(events.read(8), "little")
    return place == size


def _hyperparameters(content: bytes) -> Iterator[Item]:
    from tensorboard.plugins.hparams.api_pb2 import Status as Ended
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    data = HParamsPluginData.FromString(content)
    kind = data.WhichOneof("data")
    if kind == "session_start_info":
        told = dict(data.session_start_info.hparams)
        values = {name: (value, value.WhichOneof("kind")) for name, value in told.items()}
        yield Settings({name: getattr(value, of) for name, (value, of) in values.items() if of})
    elif kind == "session_end_info" and data.session_end_info.status == Ended.STATUS_FAILURE:
        yield Ending(Status.FAILED)


def _opened(data: bytes) -> Any:
    from PIL import Image as PILImage

    image = PILImage.open(BytesIO(data))
    return image if image.mode in ("L", "RGB", "RGBA") else image.convert("RGBA")


def _histogram(buckets: npt.NDArray[Any]) -> Histogram | None:
    """A histogram of rows (left, right, count), without its empty ends; None without values."""
    full = np.flatnonzero(buckets[:, 2]) if len(buckets) else np.zeros(0, dtype=np.intp)
    if not len(full):
        return None
    kept = buckets[full[0] : full[-1] + 1].astype(np.float64)
    starts = np.arange(0, len(kept), -(-len(kept) // _MOST_BINS))
    left, right = np.clip(kept[starts, 0], -_LIMIT, _LIMIT), min(float(kept[-1, 1]), _LIMIT)
    edges = np.append(left, right)
    if not (np.diff(edges) > 0).all():  # all values are the same
        middle = float(left[0])
        edges = middle + np.linspace(-0.5, 0.5, len(edges)) * max(abs(middle), 1.0) * 1e-3
    return Histogram.from_counts(np.add.reduceat(kept[:, 2], starts), edges)
