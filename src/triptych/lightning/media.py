"""`MediaMethods`: WandbLogger's `log_image` and its like, for modules that call them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from triptych.lightning import convert


class MediaMethods(ABC):
    """The media methods of WandbLogger with its signatures; every sink shows what it can."""

    @abstractmethod
    def _show(self, path: str, build: Callable[[], Any], step: int | None) -> None:
        """Log what `build` makes, if some sink wants it."""

    def log_image(
        self, key: str, images: list[Any], step: int | None = None, **kwargs: Any
    ) -> None:
        """Log images, each at "<key>/<i>" if there are several.

        Args:
            key: The path.
            images: Tensors, arrays, PIL images, paths of files, or `wandb.Image`s.
            step: As in `log_metrics`.
            **kwargs: Lists with an entry for each image: `caption`, `boxes`, `masks`.
        """
        for path, source, options in _spread(key, images, kwargs, "images"):
            self._show(path, partial(convert.image, source, options), step)

    def log_table(
        self,
        key: str,
        columns: list[str] | None = None,
        data: list[list[Any]] | None = None,
        dataframe: Any = None,
        step: int | None = None,
    ) -> None:
        """Log a table from `columns` and `data`, or from a `dataframe`."""
        self._show(key, partial(convert.table, columns, data, dataframe), step)

    def log_text(
        self,
        key: str,
        columns: list[str] | None = None,
        data: list[list[str]] | None = None,
        dataframe: Any = None,
        step: int | None = None,
    ) -> None:
        """Log texts as a table."""
        self.log_table(key, columns, data, dataframe, step)

    def log_audio(
        self, key: str, audios: list[Any], step: int | None = None, **kwargs: Any
    ) -> None:
        """Log audio; that of a file goes to W&B alone.

        Args:
            key: The path; "<key>/<i>" if there are several.
            audios: What `wandb.Audio` takes: arrays or paths of files.
            step: As in `log_metrics`.
            **kwargs: Lists with an entry for each audio: `caption`, `sample_rate`.
        """
        for path, source, options in _spread(key, audios, kwargs, "audios"):
            self._show(path, partial(convert.audio, source, options), step)

    def log_video(
        self, key: str, videos: list[Any], step: int | None = None, **kwargs: Any
    ) -> None:
        """Log videos; files other than .mp4 go to W&B alone.

        Args:
            key: The path; "<key>/<i>" if there are several.
            videos: What `wandb.Video` takes: (T, C, H, W) arrays or paths of files.
            step: As in `log_metrics`.
            **kwargs: Lists with an entry for each video: `caption`, `fps`, `format`.
        """
        for path, source, options in _spread(key, videos, kwargs, "videos"):
            self._show(path, partial(convert.video, source, options), step)


def _spread(key: str, items: list[Any], options: dict[str, list[Any]], what: str) -> Iterator[Any]:
    """Each item with its path and its own options; several get a number each.

    Yields:
        (path, item, options of the item).

    Raises:
        TypeError: If `items` is no list.
        ValueError: If there are not as many of an option as there are items.
    """
    if not isinstance(items, list):
        raise TypeError(f"{what} of {key!r} come as a list, not as {type(items).__name__}.")
    for name, values in options.items():
        if len(values) != len(items):
            raise ValueError(f"There are {len(values)} {name} for {len(items)} {what} of {key!r}.")
    for place, item in enumerate(items):
        path = key if len(items) == 1 else f"{key}/{place}"
        yield path, item, {name: values[place] for name, values in options.items()}
