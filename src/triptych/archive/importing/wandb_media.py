"""W&B's media, as they lie in a run's folder, become visuals."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np

from triptych.archive.importing.clips import read_gif, read_wav
from triptych.visuals import Histogram, Image, Table, Text, Video, Visual

Named = tuple[str, Visual]


class Media:
    """The media files of one run.

    Args:
        folder: Where they lie: the `files` folder.
        left_out: Where to count what Triptych has no place for, or what is missing.
    """

    def __init__(self, folder: Path, left_out: Counter[str]) -> None:
        self._folder = folder
        self._left_out = left_out
        self._readers: dict[str, Callable[[str, Mapping[str, Any]], Iterator[Named]]] = {
            "image-file": self._image,
            "images/separated": self._images,
            "html-file": self._html,
            "table-file": self._table,
            "histogram": self._histogram,
            "audio-file": self._audio,
            "video-file": self._video,
        }

    def visuals(self, key: str, fields: Mapping[str, Any]) -> Iterator[Named]:
        """The visuals of one value in one row, each with its path.

        Args:
            key: Under which it was logged.
            fields: What the row says of it, names joined by dots: "path", "boxes.truth.path".
        """
        kind = str(fields["_type"])
        reader = self._readers.get(kind)
        if reader is None:
            self._left_out[f"W&B {kind}"] += 1
            return
        try:
            yield from reader(key, fields)
        except (OSError, ValueError, TypeError, KeyError) as error:
            self._left_out[f"W&B {kind} ({error})"] += 1

    def _file(self, name: str) -> Path:
        """A media file; nothing outside of the folder, whatever the log says."""
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder.resolve()):
            raise ValueError("its file lies outside of the run")
        if not path.is_file():
            raise FileNotFoundError("its file is missing")
        return path

    def _image(self, key: str, fields: Mapping[str, Any]) -> Iterator[Named]:
        pixels = self._pixels(fields["path"])
        width, height = pixels.size
        boxes, classes = None, {}
        for name in _below(fields, "boxes"):
            told = json.loads(self._file(fields[f"boxes.{name}.path"]).read_text("utf-8"))
            boxes = _boxes(told["box_data"], width, height)
            classes = {int(one): label for one, label in told.get("class_labels", {}).items()}
        mask = None
        for name in _below(fields, "masks"):
            mask = np.asarray(self._pixels(fields[f"masks.{name}.path"]).convert("L"))
        caption = fields.get("caption") or None
        yield key, Image(pixels, boxes, mask, classes=classes or None, caption=caption)

    def _images(self, key: str, fields: Mapping[str, Any]) -> Iterator[Named]:
        names = fields["filenames"]
        captions = fields.get("captions") or [None] * len(names)
        for place, (name, caption) in enumerate(zip(names, captions, strict=True)):
            path = key if len(names) == 1 else f"{key}/{place}"
            yield path, Image(self._pixels(name), caption=caption or None)

    def _html(self, key: str, fields: Mapping[str, Any]) -> Iterator[Named]:
        words = _Words()
        words.feed(self._file(fields["path"]).read_text("utf-8"))
        yield key, Text(words.text())

    def _table(self, key: str, fields: Mapping[str, Any]) -> Iterator[Named]:
        told = json.loads(self._file(fields["path"]).read_text("utf-8"))
        rows = [[self._cell(cell) for cell in row] for row in told["data"]]
        yield key, Table([str(name) for name in told["columns"]], rows)

    def _histogram(self, key: str, fields: Mapping[str, Any]) -> Iterator[Named]:
        yield key, Histogram.from_counts(fields["values"], fields["bins"])

    def _audio(self, key: str, fields: Mapping[str, Any]) -> Iterator[Named]:
        data = self._file(fields["path"]).read_bytes()
        yield key, read_wav(data, fields.get("caption") or None)

    def _video(self, key: str, fields: Mapping[str, Any]) -> Iterator[Named]:
        file, caption = self._file(fields["path"]), fields.get("caption") or None
        film = read_gif(file.read_bytes(), caption) if file.suffix == ".gif" else None
        yield key, film or Video(file, caption=caption).own()

    def _cell(self, cell: Any) -> Any:
        if isinstance(cell, Mapping) and cell.get("_type") == "image-file":
            return Image(self._pixels(cell["path"]), caption=cell.get("caption") or None)
        return json.dumps(cell) if isinstance(cell, Mapping | list) else cell

    def _pixels(self, name: str) -> Any:
        from PIL import Image as PILImage

        image = PILImage.open(self._file(name))
        return image if image.mode in ("L", "RGB", "RGBA") else image.convert("RGBA")


def _below(fields: Mapping[str, Any], name: str) -> list[str]:
    """The names of the layers over a picture, such as "predictions" and "ground_truth"."""
    ends = (f"{name}.", ".path")
    return [key[len(ends[0]) : -len(ends[1])] for key in fields if _is_between(key, ends)]


def _is_between(key: str, ends: tuple[str, str]) -> bool:
    return key.startswith(ends[0]) and key.endswith(ends[1])


def _boxes(told: list[dict[str, Any]], width: int, height: int) -> dict[str, Any]:
    """W&B's boxes in pixels; a share of the picture's size where they do not say "pixel"."""
    corners, ids, scores = [], [], []
    for box in told:
        at = box["position"]
        if "middle" in at:
            (x, y), w, h = at["middle"], at["width"], at["height"]
            ends = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
        else:
            ends = [at["minX"], at["minY"], at["maxX"], at["maxY"]]
        scale = (1, 1) * 2 if box.get("domain") == "pixel" else (width, height) * 2
        corners.append([end * factor for end, factor in zip(ends, scale, strict=True)])
        ids.append(box.get("class_id", 0))
        scores += list(box.get("scores", {}).values())[:1]
    found: dict[str, Any] = {"boxes": np.array(corners, dtype=np.float64).reshape(-1, 4)}
    found["labels"] = np.array(ids, dtype=np.int64)
    return {**found, "scores": np.array(scores)} if len(scores) == len(told) else found


class _Words(HTMLParser):
    """The words of a page, without its markup."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._silent += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style")
        if tag in ("p", "div", "li", "tr", "h1", "h2", "h3"):
            self._parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._parts.append(data)

    def text(self) -> str:
        return "".join(self._parts).strip()
