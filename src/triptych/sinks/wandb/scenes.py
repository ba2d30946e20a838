"""Points, boxes, meshes, lines, graphs and embeddings in W&B."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from triptych.pipeline.sink import NotShown
from triptych.rendering.glb import write_glb
from triptych.rendering.scenes import draw_graph, draw_lines, draw_points
from triptych.rendering.tints import class_tints, point_tints
from triptych.sinks.wandb.pictures import new_file, show_image
from triptych.visuals import Boxes3D, Embedding, Encoded, Graph, Lines, Mesh, Points

# As JSON 100,000 coloured points take 6 MB and a second of a worker; W&B itself shows 300,000.
_MOST_POINTS = 100_000
_MOST_ROWS = 1_000  # each may come with a file
_PLANE = 2
_AXES = {2: "xy", 3: "xyz"}


def show_points(points: Points, place: Path) -> Any:
    """In space W&B's own point cloud, in a plane a picture; a sample of a large one."""
    import wandb

    drawn, said = _thinned(points.normalised())
    if drawn.dimensions == _PLANE:
        return _picture(draw_points(drawn), place, said)
    return wandb.Object3D(_cloud(drawn), caption=said)


def show_boxes3d(boxes: Boxes3D, _place: Path) -> Any:
    """W&B's own cloud with boxes, which have their names and scores."""
    import wandb

    points = boxes.points if boxes.points is not None else Points([])
    drawn, said = _thinned(points.normalised())
    tints = boxes.colours
    if tints is None:
        tints = class_tints(boxes.class_ids, len(boxes))
    shares = np.broadcast_to(tints[:, :3] / 255.0, (len(boxes), 3)).tolist()
    names = boxes.names() or [None] * len(boxes)
    scores = [None] * len(boxes) if boxes.scores is None else boxes.scores.tolist()
    # Not `wandb.box3d`: it takes the quaternion's absolute values, and turns boxes wrongly (0.31).
    marked = [
        {"corners": corners, "label": name, "color": share, "score": score}
        for corners, name, share, score in zip(
            boxes.corners().tolist(), names, shares, scores, strict=True
        )
    ]
    scene = {"type": "lidar/beta", "points": _cloud(drawn), "boxes": np.array(marked, object)}
    return wandb.Object3D(scene, caption=said)


def show_mesh(mesh: Mesh, place: Path) -> Any:
    """A glTF file, which W&B lets one turn.

    Raises:
        NotShown: If the mesh has no triangles: there is no such file.
    """
    import wandb

    drawn = mesh.normalised()
    if len(drawn.faces) == 0:
        raise NotShown("W&B shows no mesh without triangles.")
    file = new_file(place, "glb")
    file.write_bytes(write_glb(drawn))
    return wandb.Object3D(str(file))


def show_lines(lines: Lines, place: Path) -> Any:
    """A picture."""
    return _picture(draw_lines(lines.normalised()), place)


def show_graph(graph: Graph, place: Path) -> Any:
    """A picture."""
    return _picture(draw_graph(graph), place)


def show_embedding(embedding: Embedding, place: Path) -> dict[str, Any]:
    """A picture; and below it a table, which W&B can sort, filter and plot, with thumbnails."""
    import wandb

    points = embedding.points()
    kept = np.flatnonzero(np.isfinite(points.positions).all(axis=1))
    drawn = points.normalised()
    rows = _sample(len(drawn), _MOST_ROWS)
    shown = drawn.take(rows)
    axes = _AXES[drawn.dimensions]
    columns = {name: shown.positions[:, axis].tolist() for axis, name in enumerate(axes)}
    if shown.class_ids is not None:
        ids = shown.class_ids.tolist()
        columns["label"] = [shown.classes.get(one, str(one)) for one in ids]
    if shown.labels is not None:
        columns["name"] = list(shown.labels)
    if embedding.images is not None:
        images = embedding.images
        columns["image"] = [show_image(images[one], place) for one in kept[rows].tolist()]
    data = [list(row) for row in zip(*columns.values(), strict=True)]
    table = wandb.Table(columns=list(columns), data=data)
    dots, said = _thinned(drawn)
    said = " and ".join(filter(None, [said, _told(len(rows), len(drawn), "rows in the table")]))
    return {"": _picture(draw_points(dots), place, said or None), "table": table}


def _thinned(points: Points) -> tuple[Points, str | None]:
    """As many as W&B can take, and what is to be said where that is a sample."""
    places = _sample(len(points), _MOST_POINTS)
    if len(places) == len(points):
        return points, None
    return points.take(places), _told(len(places), len(points), "points")


def _sample(count: int, most: int) -> npt.NDArray[np.intp]:
    """Indices of at most so many, at random, but always the same."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, most, replace=False))


def _told(shown: int, count: int, what: str) -> str | None:
    return f"{shown} of {count} {what}" if shown < count else None


def _cloud(points: Points) -> npt.NDArray[np.float32]:
    """Rows of x, y, z, red, green and blue, the colours in 0 to 255."""
    return np.concatenate([points.positions, point_tints(points)[:, :3]], axis=1, dtype=np.float32)


def _picture(encoded: Encoded, place: Path, caption: str | None = None) -> Any:
    import wandb

    file = new_file(place, "png")
    file.write_bytes(encoded.data)
    return wandb.Image(str(file), caption=caption)
