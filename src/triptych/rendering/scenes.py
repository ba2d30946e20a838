"""Points, lines, graphs and embeddings as pictures, for a panel that has no view of them.

In a plane y points down, as in a picture and as in Rerun. All are drawn on a worker.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from triptych.rendering.figures import INK, encode, new_figure
from triptych.rendering.fonts import families, readable
from triptych.rendering.tints import Tints, class_tints, point_tints, strip_tints
from triptych.visuals import Encoded, Graph, Lines, Points

_SIZE = (6.0, 5.0)  # inches
_MOST_NAMES = 60  # more would cover the points
_MOST_IN_LEGEND = 24
_MOST_ARROWS = 500  # each takes a millisecond; more are lines without a head
_MOST_SPRINGS = 400  # a second of work, and seven for 600
_MOST_POINTS = 5000  # of a line; matplotlib refuses a million that go to and fro (3.10)
_EDGE = "#999999"
_PLANE = 2


def draw_points(points: Points) -> Encoded:
    """Dots in a plane or in space, with a legend of their classes or a scale of their values.

    Args:
        points: `normalised`; a second of work for 100,000.
    """
    scene = _Scene(points.dimensions)
    count = len(points)
    size = 40.0 if count < 200 else 14.0 if count < 5000 else 3.0  # noqa: PLR2004 - points^2
    # in space matplotlib fades what is far away, and colours would not be those of the legend
    style = {} if points.dimensions == _PLANE else {"depthshade": False}
    tints = point_tints(points) / 255.0
    scene.axes.scatter(*points.positions.T, s=size, c=tints, linewidths=0, **style)
    if points.values is not None:
        scene.add_scale(points.range or (0.0, 1.0), points.colour_map)
    elif points.class_ids is not None and points.colours is None:
        scene.add_classes(points.class_ids, points.classes)
    if points.labels is not None and count <= _MOST_NAMES:
        for position, name in zip(points.positions, points.labels, strict=True):
            scene.write(position, name)
    return scene.encoded()


def draw_lines(lines: Lines) -> Encoded:
    """Lines in a plane or in space, with a legend of their names.

    Args:
        lines: `normalised`.
    """
    scene = _Scene(lines.dimensions)
    tints = strip_tints(lines.colours, len(lines.strips))
    for strip, tint in zip(lines.strips, tints / 255.0, strict=True):
        kept = np.linspace(0, len(strip) - 1, min(len(strip), _MOST_POINTS)).round().astype(int)
        scene.axes.plot(*strip[kept].T, color=tint, linewidth=1.6)
    if lines.labels is not None:
        named = [place for place, label in enumerate(lines.labels) if label]
        scene.add_legend([lines.labels[place] for place in named], tints[named])
    return scene.encoded()


def draw_graph(graph: Graph) -> Encoded:
    """Nodes with their names, and edges; where the nodes have no positions, these are found."""
    scene = _Scene(_PLANE)
    scene.axes.set_axis_off()
    positions = graph.positions if graph.positions is not None else layout(graph)
    _draw_edges(scene.axes, graph, positions)
    tints = class_tints(graph.class_ids, len(graph.nodes))
    few = len(graph.nodes) <= _MOST_NAMES
    scene.axes.scatter(*positions.T, s=110 if few else 20, c=tints / 255.0, zorder=3)
    for position, name in zip(positions, graph.labels or graph.nodes, strict=True):
        if few:
            scene.write(position, name)
    if graph.class_ids is not None:
        scene.add_classes(graph.class_ids, graph.classes)
    return scene.encoded()


def layout(graph: Graph) -> npt.NDArray[np.float32]:
    """Find places for the nodes: by springs if they are few and networkx is there, else a circle.

    Returns:
        float32 (N, 2), the same for the same graph.
    """
    if len(graph.nodes) <= _MOST_SPRINGS:
        with suppress(ImportError):
            import networkx as nx  # type: ignore[import-untyped,unused-ignore]

            drawn = nx.Graph()
            drawn.add_nodes_from(graph.nodes)
            drawn.add_edges_from(graph.edges)
            found = nx.spring_layout(drawn, seed=0)
            return np.array([found[node] for node in graph.nodes], np.float32).reshape(-1, 2)
    turns = np.linspace(0, 2 * np.pi, len(graph.nodes), endpoint=False)
    return np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)


def _draw_edges(axes: Any, graph: Graph, positions: npt.NDArray[np.float32]) -> None:
    from matplotlib.collections import LineCollection

    place = dict(zip(graph.nodes, positions.tolist(), strict=True))
    ends = [(place[first], place[second]) for first, second in graph.edges if first != second]
    if graph.directed and len(ends) <= _MOST_ARROWS:
        # bent a little, so that two that lead to and fro lie side by side
        look = {"arrowstyle": "-|>", "connectionstyle": "arc3,rad=0.06", "color": _EDGE}
        for first, second in ends:
            axes.annotate("", second, first, arrowprops=look | {"shrinkA": 6, "shrinkB": 6})
    else:
        axes.add_collection(LineCollection(ends, colors=_EDGE, linewidths=1))
    loops = [place[first] for first, second in graph.edges if first == second]
    if loops:
        style = {"s": 260, "facecolors": "none", "edgecolors": _EDGE}
        axes.scatter(*np.transpose(loops), **style)


class _Scene:
    """Axes of equal scale, with what explains the colours beside them."""

    def __init__(self, dimensions: int) -> None:
        self._figure = new_figure(*_SIZE)
        self.axes: Any
        if dimensions == _PLANE:
            self.axes = self._figure.add_subplot()
            self.axes.invert_yaxis()
            self.axes.set_aspect("equal", adjustable="datalim")
            self.axes.set(xlabel="x", ylabel="y")
        else:
            self.axes = self._figure.add_subplot(projection="3d")
            self.axes.set(xlabel="x", ylabel="y", zlabel="z")
        self.axes.tick_params(labelsize=8, colors=INK)
        self.axes.grid(visible=True, color="#e6e6e6")
        self.axes.set_axisbelow(True)

    def write(self, position: npt.NDArray[np.float32], words: str) -> None:
        """Put a name beside a position."""
        style = {"fontsize": 8, "color": INK, "parse_math": False, "fontfamily": families(words)}
        if len(position) == _PLANE:
            here = (5, 5)
            self.axes.annotate(
                readable(words), tuple(position), here, textcoords="offset points", **style
            )
        else:
            self.axes.text(*position, f" {readable(words)}", **style)

    def add_classes(self, class_ids: npt.NDArray[np.uint16], classes: Mapping[int, str]) -> None:
        """Say which colour is which class."""
        ids = np.unique(class_ids)
        names = [classes.get(one, str(one)) for one in ids.tolist()]
        self.add_legend(names, class_tints(ids, len(ids)))

    def add_legend(self, names: list[str], tints: Tints) -> None:
        """Say which colour is which name; those that find no place are counted."""
        from matplotlib.lines import Line2D

        handles = [
            Line2D([], [], marker="o", linestyle="", color=tint, label=f" {readable(name)}")
            for name, tint in zip(names[:_MOST_IN_LEGEND], tints / 255.0, strict=False)
        ]
        if len(names) > _MOST_IN_LEGEND:
            rest = f"and {len(names) - _MOST_IN_LEGEND} more"
            handles.append(Line2D([], [], linestyle="", label=rest))
        shown = self._figure.legend(handles=handles, loc="outside right upper", fontsize=8)
        for text in shown.get_texts():
            text.set(parse_math=False, color=INK, fontfamily=families(text.get_text()))

    def add_scale(self, ends: tuple[float, float], colour_map: str) -> None:
        """Say which colour is which value."""
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        mapped = ScalarMappable(Normalize(*ends), colour_map)
        self._figure.colorbar(mapped, ax=self.axes, shrink=0.7)

    def encoded(self) -> Encoded:
        """What has been drawn."""
        if self.axes.name == "3d":
            self.axes.set_aspect("equal")
        return encode(self._figure)
