"""Pictures in W&B."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from triptych.rendering.colours import coloured
from triptych.rendering.heatmaps import draw_heatmap
from triptych.rendering.marks import with_keypoints
from triptych.rendering.sheet import sheet
from triptych.visuals import Depth, Encoded, Figure, Grid, Heatmap, Image
from triptych.visuals.encoding import encode

_CLASSES = 256  # that a mask of W&B may have


def show_image(image: Image, place: Path) -> Any:
    """The picture, with boxes and a mask that can be switched on and off.

    Drawn into it is what W&B cannot lay over it: keypoints, and a mask with ids beyond 255.
    """
    beyond = _is_beyond(image.mask)
    if beyond or image.keypoints is not None:
        encoded = encode(with_keypoints(image, mask=beyond))
    else:
        encoded = image.encode()
    return _picture(encoded, place, image.caption, **_overlays(image))


def show_grid(grid: Grid, place: Path) -> Any:
    """A gallery, each picture with its caption; one picture where their sizes differ."""
    if len({image.size for image in grid.images}) > 1:
        return _picture(
            encode(sheet(grid)), place, None
        )  # W&B shows others at the first one's size
    return [show_image(image, place) for image in grid.pictures()]


def show_depth(depth: Depth, place: Path) -> Any:
    """A picture in colours, grey where nothing was measured; the range is in the caption."""
    low, high = depth.shown_range()
    pixels = coloured(depth.metres(), low, high, depth.colours)
    return _picture(encode(pixels), place, depth.legend())


def show_heatmap(heatmap: Heatmap, place: Path) -> Any:
    """A picture in colours; what they mean is in the caption."""
    return _picture(draw_heatmap(heatmap), place, heatmap.legend())


def show_figure(figure: Figure, place: Path) -> Any:
    """A picture; a figure of plotly stays interactive."""
    import wandb

    if figure.picture is not None:
        return show_image(figure.picture, place)
    import plotly.io

    return wandb.Plotly(plotly.io.from_json(figure.plotly))


def new_file(place: Path, ending: str) -> Path:
    """The path of a file that is not there yet."""
    return place / f"{len(list(place.iterdir()))}.{ending}"


def warm_up() -> None:
    """The first picture and the first row cost half a second of imports, pandas' for one (0.31)."""
    import wandb

    wandb.Image(np.zeros((1, 1, 3), np.uint8))
    wandb.util.is_pandas_data_frame(None)


def _picture(encoded: Encoded, place: Path, caption: str | None, **overlays: Any) -> Any:
    """A `wandb.Image` of the bytes that we have encoded: its own constructor only casts (0.29)."""
    import wandb

    file = new_file(place, {"image/jpeg": "jpg", "image/png": "png"}[encoded.media_type])
    file.write_bytes(encoded.data)
    return wandb.Image(str(file), caption=caption, **overlays)


def _overlays(image: Image) -> dict[str, Any]:
    found: dict[str, Any] = {}
    names = dict(image.classes)
    if image.boxes is not None:
        found["boxes"] = {"boxes": {"box_data": _box_data(image), **_labels(names)}}
    if image.mask is not None and not _is_beyond(image.mask):
        found["masks"] = {"mask": {"mask_data": image.mask, **_labels(names)}}
    return found


def _is_beyond(mask: npt.NDArray[Any] | None) -> bool:
    return mask is not None and mask.max() >= _CLASSES


def _labels(names: dict[int, str]) -> dict[str, Any]:
    return {"class_labels": names} if names else {}


def _box_data(image: Image) -> list[dict[str, Any]]:
    boxes = image.boxes
    if boxes is None:
        return []
    data = []
    for place, (left, top, right, bottom) in enumerate(boxes.xyxy.tolist()):
        position = {"minX": left, "minY": top, "maxX": right, "maxY": bottom}
        box: dict[str, Any] = {"position": position, "domain": "pixel", "class_id": 0}
        if boxes.class_ids is not None:
            box["class_id"] = int(boxes.class_ids[place])
        if boxes.labels is not None:
            box["box_caption"] = boxes.labels[place]
        if boxes.scores is not None:
            box["scores"] = {"score": float(boxes.scores[place])}
        data.append(box)
    return data
