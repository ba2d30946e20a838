"""Views of visuals: pictures that belong together, scenes, documents, charts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from triptych.dashboard.naming import COLOURS, ROLES, last, natural, parent
from triptych.dashboard.parts import entity, grid, row, whole_time
from triptych.dashboard.seen import Seen
from triptych.dashboard.wishes import Dashboard

if TYPE_CHECKING:
    import rerun.blueprint as rrb

_MOST_ALIKE = 8  # numbered pictures beside each other; the tree has the others

_PICTURES = ("deep", "flat", "graph", "map", "tensor")
_CHARTS = ("document", "bars", "audio", "states", "words")


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands together: one view, or a row or block of them.

    Attributes:
        size: How many views it has.
    """

    content: rrb.Container | rrb.View
    size: int


def pictures(seen: Seen, wishes: Dashboard) -> list[Cell]:
    """Scenes and pictures, what the model was not trained on first; relatives in one cell."""
    kinds = {path: kind for kind in reversed(_PICTURES) for path in seen.at(kind)}
    # Pictures that the model was not trained on say more of it.
    ordered = sorted(
        kinds, key=lambda path: (wishes.rank(path), path.startswith("train/"), natural(path))
    )
    families: dict[tuple[str, str], list[str]] = {}
    for path in ordered:
        families.setdefault(_family(path, wishes), []).append(path)
    cells = []
    for (family, title), paths in families.items():
        if family == "roles":
            paths.sort(key=lambda path: ROLES.index(last(path).lower()))
        elif family == "numbers":
            paths.sort(key=lambda path: int(last(path)))
        views = [
            view(path, kinds[path], in_row=family == "roles" and len(paths) > 1)
            for path in paths[:_MOST_ALIKE]
        ]
        together = grid(views, title) if family == "numbers" else row(views, title)
        cells += [Cell(one, len(views)) for one in together]
    return cells


def charts(seen: Seen, wishes: Dashboard) -> list[rrb.Container | rrb.View]:
    """Documents, tables, histograms with their course, sounds."""
    found: dict[str, list[rrb.Container | rrb.View]] = {}
    for kind in _CHARTS:
        for path in seen.at(kind):
            found.setdefault(path, []).append(view(path, kind))
    for path, parts in seen.bands.items():
        found.setdefault(path, []).append(_bands(path, sorted(parts)))
    # as with pictures; and of all samples before each of them
    ordered = sorted(
        found,
        key=lambda path: (
            wishes.rank(path),
            path.startswith("train/"),
            path.count("/"),
            natural(path),
        ),
    )
    return [one for path in ordered for one in row(found[path], path)]


def view(path: str, kind: str, *, in_row: bool = False) -> rrb.View:
    """The view of one path; in a narrow row its last name comes first, before what is cut off."""
    import rerun.blueprint as rrb

    where = entity(path)
    name = f"{last(path)} · {parent(path)}" if in_row else path
    views: dict[str, Callable[..., rrb.View]] = {
        "audio": rrb.AudioView,
        "bars": rrb.BarChartView,
        "deep": rrb.Spatial3DView,
        "document": rrb.TextDocumentView,
        "flat": rrb.Spatial2DView,
        "graph": rrb.GraphView,
        "map": rrb.MapView,
        "states": rrb.StateTimelineView,
        "tensor": rrb.TensorView,
        "words": rrb.TextLogView,
    }
    return views[kind](name=name, origin=where)


def _bands(path: str, parts: list[str]) -> rrb.View:
    """Percentiles over time, the brighter the nearer to the median."""
    import rerun as rr
    import rerun.blueprint as rrb

    middle = (len(parts) - 1) / 2
    overrides: dict[Any, Any] = {}
    for place, part in enumerate(parts):
        strength = 1.0 - 0.6 * abs(place - middle) / max(middle, 1)
        colour = [round(strength * channel) for channel in COLOURS[0]]
        line = rr.SeriesLines(names=last(part), colors=[colour], widths=2)
        overrides[entity(f"{path}/{part}")] = [line]
    return rrb.TimeSeriesView(
        name=f"{path} over time",
        origin=entity(path),
        contents=list(overrides),
        axis_x=whole_time(),
        plot_legend=rrb.PlotLegend(rrb.Corner2D.LeftTop),
        overrides=overrides,
    )


def _family(path: str, wishes: Dashboard) -> tuple[str, str]:
    """Who stands beside whom: the user's groups, target beside prediction, sample 0 beside 1."""
    title = wishes.title(path)
    if title is not None:
        return "titled", title
    name = last(path).lower()
    if name in ROLES and parent(path):
        return "roles", parent(path)
    return ("numbers", parent(path)) if name.isdecimal() and parent(path) else ("", path)
