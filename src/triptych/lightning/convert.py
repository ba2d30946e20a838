"""What `wandb.Image`, `wandb.Table` and their like take, as visuals that every sink can show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from triptych.visuals import Audio, Image, Table, Video
from triptych.visuals.arrays import host_array, is_tensor
from triptych.visuals.normalised import picture
from triptych.visuals.pixels import Layout


def image(source: Any, options: Mapping[str, Any]) -> Any:
    """Read an image as `wandb.Image` takes it.

    Args:
        source: A tensor or array, a PIL image, the path of a file, or a `wandb.Image`.
        options: `caption`; `boxes` and `masks` in W&B's form, of which the first group is drawn;
            others are left aside.
    """
    if type(source).__module__.partition(".")[0] == "wandb":
        return source
    if isinstance(source, str | Path):
        import PIL.Image

        with PIL.Image.open(source) as file:
            source = file.convert("RGB")
    shown = picture(source, caption=options.get("caption"), layout=_layout(source))
    width, height = shown.size
    masks: Mapping[str, Any] = next(iter((options.get("masks") or {}).values()), {})
    boxes: Mapping[str, Any] = next(iter((options.get("boxes") or {}).values()), {})
    data = boxes.get("box_data", [])
    classes = {**boxes.get("class_labels", {}), **masks.get("class_labels", {})}
    return Image(
        shown.pixels,
        boxes=_boxes(data, width, height) if data else None,
        mask=None if "mask_data" not in masks else np.asarray(host_array(masks["mask_data"])),
        classes={int(key): str(name) for key, name in classes.items()} or None,
        caption=shown.caption,
        layout=shown.layout,
        value_range=shown.value_range,
    )


def _layout(source: Any) -> Layout | None:
    """W&B takes tensors as (C, H, W) and arrays as (H, W, C)."""
    if getattr(source, "ndim", 0) != 3:  # noqa: PLR2004  # with channels
        return None
    place: Layout = "CHW" if is_tensor(source) else "HWC"
    return place if source.shape[0 if place == "CHW" else 2] in (1, 3, 4) else None


def _boxes(data: Sequence[Mapping[str, Any]], width: int, height: int) -> dict[str, Any]:
    """W&B's boxes as torchvision's; theirs are shares of the picture unless said otherwise."""
    rows, labels = [], []
    for box in data:
        place = box["position"]
        if "middle" in place:
            (x, y), w, h = place["middle"], place["width"], place["height"]
            corners = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
        else:
            corners = [place[name] for name in ("minX", "minY", "maxX", "maxY")]
        if box.get("domain") != "pixel":
            corners = [a * b for a, b in zip(corners, (width, height) * 2, strict=True)]
        rows.append(corners)
        labels.append(box.get("box_caption"))
    if all(labels):
        return {"boxes": rows, "labels": labels}
    return {"boxes": rows, "labels": [int(box.get("class_id", 0)) for box in data]}


def table(columns: list[str] | None, data: list[list[Any]] | None, dataframe: Any) -> Table:
    """Read a table as `wandb.Table` takes it; cells of unknown kinds become text."""
    if dataframe is not None:
        columns = [str(column) for column in dataframe.columns]
        data = dataframe.astype(object).where(dataframe.notna(), None).to_numpy().tolist()
    rows = data or []
    if columns is None:
        columns = [str(place) for place in range(len(rows[0]) if rows else 1)]
    return Table(columns, [[_cell(cell) for cell in row] for row in rows])


def _cell(cell: Any) -> Any:
    if cell is None or isinstance(cell, str | int | float | bool | np.generic | Image):
        return cell
    if type(cell).__module__.partition(".")[0] == "wandb" and getattr(cell, "image", None):
        return Image(cell.image)
    if getattr(cell, "ndim", None) == 0:
        return cell.item()
    return str(cell)


def audio(source: Any, options: Mapping[str, Any]) -> Any:
    """Read audio as `wandb.Audio` takes it; a file is for W&B alone.

    Args:
        source: Samples, or the path of a file.
        options: `caption`, and with samples `sample_rate`.

    Raises:
        ValueError: If samples come without their rate.
    """
    if isinstance(source, str | Path):
        import wandb

        return wandb.Audio(source, **options)
    if "sample_rate" not in options:
        raise ValueError("samples need their rate: pass sample_rate=[...], one for each audio.")
    return Audio(source, options["sample_rate"], options.get("caption"))


def video(source: Any, options: Mapping[str, Any]) -> Any:
    """Read a video as `wandb.Video` takes it; a file that is no .mp4 is for W&B alone.

    Args:
        source: Frames (T, C, H, W) or (N, T, C, H, W), of which the first film is shown; or the
            path of a file.
        options: `caption`, and with frames `fps`, 4 by default as in W&B; `format` is left aside.
    """
    if isinstance(source, str | Path):
        if Path(source).suffix.lower() == ".mp4":
            return Video(source, caption=options.get("caption"))
        import wandb

        return wandb.Video(source, **options)
    frames = source[0] if source.ndim == 5 else source  # noqa: PLR2004  # a batch of films
    return Video(frames, options.get("fps") or 4, options.get("caption"), layout="CHW")
