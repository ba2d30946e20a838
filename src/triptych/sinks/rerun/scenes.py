"""Points, boxes, meshes, lines, graphs and embeddings in Rerun.

Every component is there each time, empty where there is nothing: a viewer looks further back for
each that a row lacks, and would give these points the names of earlier ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from triptych.rendering.tints import class_tints, point_tints, strip_tints
from triptych.sinks.rerun.parts import Parts
from triptych.visuals import Boxes3D, Embedding, Graph, Lines, Mesh, Points

# A negative radius is in points on the screen: it stays visible from afar.
_FEW, _DOT, _SPECK = -4.0, -2.5, -1.2
_EDGE = -1.0
_LINE = -1.5
_NODE = 6.0
_ROOM = 120.0  # of a node, along a side
_PLANE = 2
_WORDS = (235, 235, 235)
_FRAME = (60, 60, 60)
_INSET = 0.1  # of two corners in space: the viewer steps back to more than twice their distance
_MARGIN = 0.08  # of the frame's size, around all that is in it


def show_points(points: Points) -> Parts:
    """Rerun's own points, 2-D or 3-D."""
    drawn = points.normalised()
    yield "", _points(drawn)
    if drawn.dimensions == _PLANE:
        yield from _frame(drawn.positions)


def show_boxes3d(boxes: Boxes3D) -> Parts:
    """Rerun's own boxes as lines, and the cloud below them."""
    import rerun as rr

    tints = boxes.colours
    yield (
        "",
        rr.Boxes3D(
            centers=boxes.centers,
            half_sizes=boxes.sizes / 2,
            quaternions=[] if boxes.rotations is None else boxes.rotations,
            colors=class_tints(boxes.class_ids, len(boxes)) if tints is None else tints,
            radii=_EDGE,
            labels=boxes.captions() or [],
            class_ids=[] if boxes.class_ids is None else boxes.class_ids,
        ),
    )
    if boxes.points is not None:
        yield "points", _points(boxes.points.normalised())
    else:
        yield from _frame(boxes.corners().reshape(-1, 3))


def show_mesh(mesh: Mesh) -> Parts:
    """Rerun's own mesh."""
    import rerun as rr

    drawn = mesh.normalised()
    yield (
        "",
        rr.Mesh3D(
            vertex_positions=drawn.vertices,
            triangle_indices=drawn.faces,
            vertex_normals=drawn.normals,
            vertex_colors=[] if drawn.colours is None else drawn.colours,
        ),
    )
    yield from _frame(drawn.vertices[np.unique(drawn.faces)])


def show_lines(lines: Lines) -> Parts:
    """Rerun's own line strips, 2-D or 3-D."""
    import rerun as rr

    drawn = lines.normalised()
    kind = rr.LineStrips2D if drawn.dimensions == _PLANE else rr.LineStrips3D
    tints = strip_tints(drawn.colours, len(drawn.strips))
    yield (
        "",
        kind(
            drawn.strips,
            colors=tints,
            radii=_LINE if drawn.radii is None else drawn.radii,
            labels=drawn.labels or [],
            show_labels=False,
        ),
    )
    if drawn.labels is not None:
        # Rerun writes a label in the middle of its line, where those of several lines may meet.
        named = [place for place, name in enumerate(drawn.labels) if name]
        ends = [drawn.strips[place][-1] for place in named]
        names = [drawn.labels[place] for place in named]
        yield "labels", _names(names, ends, drawn.dimensions, tints[named])
    if drawn.strips:
        yield from _frame(np.concatenate(drawn.strips))


def show_graph(graph: Graph) -> Parts:
    """Rerun's own graph, which finds places for nodes that have none."""
    import rerun as rr

    yield (
        "",
        rr.GraphNodes(
            graph.nodes,
            positions=[] if graph.positions is None else _spread(graph.positions),
            colors=class_tints(graph.class_ids, len(graph.nodes)),
            labels=graph.labels or graph.nodes,
            radii=_NODE,
        ),
    )
    kind = rr.GraphType.Directed if graph.directed else rr.GraphType.Undirected
    yield "", rr.GraphEdges(graph.edges, graph_type=kind)


def _spread(positions: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """So far apart that the names, which are some tens of units wide, find room."""
    extent = float(np.ptp(positions, axis=0).max(initial=0.0))
    scale = _ROOM * len(positions) ** 0.5 / (extent or 1.0)
    return positions * np.float32(scale)


def show_embedding(embedding: Embedding) -> Parts:
    """Points in the colours of their classes, and the name of each class in its middle."""
    points = embedding.points().normalised()
    yield "", _points(points)
    if points.class_ids is not None:
        ids = np.unique(points.class_ids)
        middles = [np.median(points.positions[points.class_ids == one], axis=0) for one in ids]
        names = [points.classes.get(one, str(one)) for one in ids.tolist()]
        yield "classes", _names(names, middles, points.dimensions, _WORDS)
    yield from _frame(points.positions)


def _names(names: list[str], places: list[Any], dimensions: int, colours: Any) -> Any:
    """Names at their places, and nothing else."""
    import rerun as rr

    kind = rr.Points2D if dimensions == _PLANE else rr.Points3D
    positions = np.array(places, np.float32).reshape(-1, dimensions)
    return kind(positions, radii=0, colors=colours, labels=names, show_labels=True)


def _frame(positions: Any) -> Parts:
    """What the viewer fits into the view: by itself it leaves out what lies apart (0.41).

    Clouds in space go without: they often have a few points far away.
    """
    import rerun as rr

    if len(positions) == 0:
        return
    low, high = positions.min(axis=0), positions.max(axis=0)
    if positions.shape[1] == _PLANE:
        margin = _MARGIN * (high - low).max() or 1.0
        size = high - low + 2 * margin
        yield "frame", rr.Boxes2D(mins=[low - margin], sizes=[size], radii=-0.5, colors=_FRAME)
    else:
        corners = [low + _INSET * (high - low), high - _INSET * (high - low)]
        yield "frame", rr.Points3D(corners, radii=0, colors=_FRAME)


def _points(points: Points) -> Any:
    import rerun as rr

    count = len(points)
    dot = _FEW if count < 200 else _DOT if count < 20_000 else _SPECK  # noqa: PLR2004 - readable
    kind = rr.Points2D if points.dimensions == _PLANE else rr.Points3D
    return kind(
        points.positions,
        colors=point_tints(points),
        radii=dot if points.radii is None else points.radii,
        labels=points.labels or [],
        class_ids=[] if points.class_ids is None else points.class_ids,
    )
