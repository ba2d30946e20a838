"""The blueprint: an overview that a newcomer understands, and pages for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from triptych.dashboard.naming import CONFIG, PHASE, SUMMARY
from triptych.dashboard.numbers import Plots
from triptych.dashboard.parts import framed, grid, log_view, row, tabs, whole_time
from triptych.dashboard.pictures import Cell, charts, pictures
from triptych.dashboard.seen import Seen
from triptych.dashboard.wishes import Dashboard

if TYPE_CHECKING:
    import rerun.blueprint as rrb

_MOST_PLOTS = 6  # tabs whose titles can be read beside each other
_MOST_PICTURES = 8  # views side by side that are no stamps
_MOST_DOCUMENTS = 4  # below each other
_MOST_OF_A_PAGE = 24  # the tree has the others


def blueprint(seen: Seen, wishes: Dashboard | None = None) -> rrb.Blueprint:
    """Lay out what was seen.

    The overview has losses and other numbers left, pictures right, phases, words and configuration
    below. What finds no room there has pages of its own; the last page is the summary.
    """
    import rerun.blueprint as rrb

    wishes = wishes or Dashboard()
    seen = seen.only(lambda path: not wishes.hidden(path))
    pinned = seen.only(lambda path: wishes.pinned(path) is not None)
    seen = seen.only(lambda path: wishes.pinned(path) is None)
    plots = Plots(seen, wishes)
    measured, tuned = plots.measured(), plots.optimizer()
    room = _MOST_PLOTS - len(tuned)
    first, more = _shared(pictures(seen, wishes))
    rows = [
        (4, _pinned(pinned, wishes)),
        (6, _beside(plots.losses(), [*measured[:room], *tuned], first, charts(seen, wishes))),
        (1.1, _strip(seen)),
        (2, _below(seen)),
    ]
    shares = [share for share, contents in rows if contents]
    overview = [content for _, contents in rows for content in contents]
    pages: list[rrb.Container | rrb.View] = [
        *([rrb.Vertical(*overview, row_shares=shares, name="Overview")] if overview else []),
        *grid(measured[room:][:_MOST_OF_A_PAGE], "More numbers"),
        *grid([cell.content for cell in more][:_MOST_OF_A_PAGE], "More pictures"),
        *grid(plots.layers(), "Layers"),
        *grid(plots.machine()[:_MOST_OF_A_PAGE], "Time and machine"),
        _document("Summary", SUMMARY),
    ]
    return framed(pages)


def _beside(
    losses: list[rrb.Container | rrb.View],
    measured: list[rrb.Container | rrb.View],
    first: list[rrb.Container | rrb.View],
    documents: list[rrb.Container | rrb.View],
) -> list[rrb.Container | rrb.View]:
    """Numbers left, pictures right."""
    left = _stacked([(3, losses), (2, tabs(measured, "Numbers"))], "Numbers")
    # a few documents need no tabs where no picture wants the room
    few = not first and len(documents) <= _MOST_DOCUMENTS
    below = [(1.0, [one]) for one in documents] if few else [(1.0, tabs(documents, "Documents"))]
    right = _stacked([(2, first), *below], "Pictures")
    return row([*left, *right], "Numbers and pictures")


def _shared(
    cells: list[Cell],
) -> tuple[list[rrb.Container | rrb.View], list[Cell]]:
    """The pictures of the overview as one block, and the cells that have no room there."""
    room, taken = _MOST_PICTURES, 0
    while taken < len(cells) and (room >= cells[taken].size or not taken):
        room -= cells[taken].size
        taken += 1
    here = cells[:taken]
    wide = [cell.content for cell in here if cell.size > 1]
    single = [cell.content for cell in here if cell.size == 1]
    block = _stacked([*((1, [one]) for one in wide), (1, grid(single, "Pictures"))], "Pictures")
    return block, cells[taken:]


def _pinned(seen: Seen, wishes: Dashboard) -> list[rrb.Container | rrb.View]:
    wishes = Dashboard(order=wishes.pin, group=wishes.group)
    cells = [cell.content for cell in pictures(seen, wishes)]
    return row([*cells, *Plots(seen, wishes).all(), *charts(seen, wishes)], "Pinned")


def _strip(seen: Seen) -> list[rrb.Container | rrb.View]:
    """When which phase was; one alone says nothing."""
    import rerun.blueprint as rrb

    if len(seen.phases) < 2:  # noqa: PLR2004
        return []
    return [rrb.StateTimelineView(name="Phases", origin=f"/{PHASE}", time_view=whole_time())]


def _below(seen: Seen) -> list[rrb.Container | rrb.View]:
    """The words and the configuration, where there are any."""
    import rerun.blueprint as rrb

    config: list[rrb.Container | rrb.View] = []
    if seen.settings:
        config.append(_document("Config", CONFIG))
    if not seen.words:
        return config
    words = log_view("Words")
    if not config:
        return [words]
    return [rrb.Horizontal(words, *config, column_shares=[2, 1], name="Words and config")]


def _document(name: str, path: str) -> rrb.View:
    import rerun.blueprint as rrb

    return rrb.TextDocumentView(name=name, origin=f"/{path}")


def _stacked(
    parts: list[tuple[float, list[rrb.Container | rrb.View]]], name: str
) -> list[rrb.Container | rrb.View]:
    """What there is, one below the other with these shares; one or none needs no stack."""
    import rerun.blueprint as rrb

    full = [(share, content) for share, contents in parts for content in contents]
    if len(full) < 2:  # noqa: PLR2004
        return [content for _, content in full]
    shares = [share for share, _ in full]
    return [rrb.Vertical(*(content for _, content in full), row_shares=shares, name=name)]
