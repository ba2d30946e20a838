"""Pictures in W&B."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from triptych.visuals import Image


def show_image(image: Image, place: Path) -> Any:
    """A `wandb.Image` of the bytes that we have encoded: its own constructor only casts (0.29)."""
    import wandb

    encoded = image.encode()
    ending = {"image/jpeg": "jpg", "image/png": "png"}[encoded.media_type]
    file = place / f"{len(list(place.iterdir()))}.{ending}"
    file.write_bytes(encoded.data)
    return wandb.Image(str(file), caption=image.caption, **_overlays(image))


def _overlays(image: Image) -> dict[str, Any]:
    found: dict[str, Any] = {}
    names = dict(image.classes)
    if image.boxes is not None:
        found["boxes"] = {"boxes": {"box_data": _box_data(image), **_labels(names)}}
    if image.mask is not None:
        found["masks"] = {"mask": {"mask_data": image.mask, **_labels(names)}}
    return found


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


def warm_up() -> None:
    """The first picture costs a quarter of a second of imports (0.31)."""
    import numpy as np
    import wandb

    wandb.Image(np.zeros((1, 1, 3), np.uint8))
