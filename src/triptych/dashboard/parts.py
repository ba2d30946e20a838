"""Small pieces of a blueprint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from triptych.dashboard.naming import ERRORS, EVENTS, LOGS, Colour

if TYPE_CHECKING:
    import rerun.blueprint as rrb


_MOST_NAMES = 12  # a longer legend hides what it explains


@dataclass(frozen=True, slots=True)
class Line:
    """A curve in a plot.

    Attributes:
        entity: Where its numbers are.
        name: In the legend.
        colour: Of the line.
        few: Whether its points are to be seen, too.
    """

    entity: str
    name: str
    colour: Colour
    few: bool = False


def plot(name: str, lines: Sequence[Line], legend: rrb.Corner2D) -> rrb.View:
    """Curves over each other, with a legend in that corner."""
    import rerun as rr
    import rerun.blueprint as rrb

    named = len(lines) <= _MOST_NAMES
    overrides: dict[Any, Any] = {}
    # of many curves the viewer chooses the looks: to name them all makes a layout of megabytes
    for one in lines if named else ():
        curve = rr.SeriesLines(names=one.name, colors=[one.colour], widths=2)
        points = rr.SeriesPoints(names=one.name, colors=[one.colour], marker_sizes=3)
        overrides[one.entity] = [curve, points] if one.few else [curve]
    return rrb.TimeSeriesView(
        name=name,
        origin="/",
        contents=[one.entity for one in lines],
        axis_x=whole_time(),
        axis_y=rrb.ScalarAxis(zoom_lock=False),
        plot_legend=rrb.PlotLegend(legend, visible=named),
        overrides=overrides,
    )


def whole_time() -> rrb.TimeAxis:
    """From the first step to the last: of a long recording the viewer shows a part (0.41)."""
    import rerun as rr
    import rerun.blueprint as rrb

    end = rr.TimeRangeBoundary.infinite()
    return rrb.TimeAxis(view_range=rr.TimeRange(start=end, end=end))


def log_view(name: str, below: str = "") -> rrb.View:
    """Lines, events and errors; those below an entity if that is named."""
    import rerun.blueprint as rrb

    # The viewer gives a column as much room as its title, and what it can to the last (0.41): of
    # the names of entities nothing would be left.
    columns = [rrb.encodings.TextLogColumn(kind) for kind in ("LogLevel", "Body")]
    return rrb.TextLogView(
        name=name,
        origin="/",
        contents=[f"{entity(place, below)}/**" for place in (LOGS, EVENTS, ERRORS)],
        columns=rrb.TextLogColumns(text_log_columns=columns),
    )


def entity(path: str, below: str = "") -> str:
    """The name of a path in Rerun, escaped; below another one if that is given."""
    import rerun as rr

    parts = path.split("/")
    return str(rr.new_entity_path([below, *parts] if below else parts))


def tabs(views: Sequence[rrb.Container | rrb.View], name: str) -> list[rrb.Container | rrb.View]:
    """Views behind each other, the first in front; one or none needs no tabs."""
    import rerun.blueprint as rrb

    return [rrb.Tabs(*views, active_tab=0, name=name)] if len(views) > 1 else [*views]


def row(views: Sequence[rrb.Container | rrb.View], name: str) -> list[rrb.Container | rrb.View]:
    """Views side by side; one or none needs no row."""
    import rerun.blueprint as rrb

    return [rrb.Horizontal(*views, name=name)] if len(views) > 1 else [*views]


def grid(views: Sequence[rrb.Container | rrb.View], name: str) -> list[rrb.Container | rrb.View]:
    """Views in as many columns as keep cells large, and few empty; one or none needs no grid."""
    import rerun.blueprint as rrb

    if len(views) < 2:  # noqa: PLR2004
        return [*views]
    columns = 2 if len(views) <= 4 else 3 if len(views) in (5, 6, 9) else 4  # noqa: PLR2004
    return [rrb.Grid(*views, grid_columns=columns, name=name)]


def framed(pages: Sequence[rrb.Container | rrb.View]) -> rrb.Blueprint:
    """A whole layout: pages behind each other, and the panels of the viewer out of the way."""
    import rerun.blueprint as rrb

    return rrb.Blueprint(
        *tabs(pages, "Triptych"),
        rrb.TimePanel(timeline="step", state="collapsed", play_state="following"),
        rrb.SelectionPanel(state="collapsed"),
        rrb.BlueprintPanel(state="collapsed"),
        auto_views=False,
        auto_layout=False,
    )
