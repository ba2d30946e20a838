"""The blueprint of several runs: a plot for each path with a line for each run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from triptych.dashboard.naming import COLOURS, LOG10, Colour, is_loss, is_minor, place
from triptych.dashboard.parts import Line, entity, framed, grid, log_view, plot, row, tabs
from triptych.dashboard.pictures import view
from triptych.dashboard.seen import FEW, Seen

if TYPE_CHECKING:
    import rerun.blueprint as rrb

DIFFERENCES = "differences"
"""The page that says in what the runs differ."""

_MOST_PLOTS = 9  # beside each other
_MOST_OF_A_PAGE = 24  # the tree has the others
_MOST_ROWS = 6
_SHOWN = ("deep", "flat", "bars", "document")


def comparison_blueprint(runs: Mapping[str, Seen]) -> rrb.Blueprint:
    """Lay out runs whose entities lie below their names.

    Args:
        runs: By name, in the order of their colours.
    """
    import rerun.blueprint as rrb

    main, more, rows = _plots(runs), _plots(runs, main=False), _rows(runs)
    differences = rrb.TextDocumentView(name="Differences", origin=f"/{DIFFERENCES}")
    first = [*grid(main[:_MOST_PLOTS], "Numbers"), differences]
    more = [*main[_MOST_PLOTS:], *more]
    pages: list[rrb.Container | rrb.View] = [
        rrb.Horizontal(*first, column_shares=[3, 1][-len(first) :], name="Overview"),
        *grid(more[:_MOST_OF_A_PAGE], "More numbers"),
        *([rrb.Vertical(*rows[:_MOST_ROWS], name="Pictures")] if rows else []),
    ]
    pages += row([log_view(name, name) for name, seen in runs.items() if seen.words], "Words")
    return framed(pages)


def _plots(runs: Mapping[str, Seen], *, main: bool = True) -> list[rrb.Container | rrb.View]:
    """One for each path of those that matter, or of the others; none for what came only once."""
    paths = {path for seen in runs.values() for path, one in seen.numbers.items() if one.count > 1}
    chosen = sorted((path for path in paths if is_minor(path) != main), key=place)
    return [one for path in chosen for one in _plot(path, runs)]


def _plot(path: str, runs: Mapping[str, Seen]) -> list[rrb.Container | rrb.View]:
    """Losses have a logarithmic twin."""
    import rerun.blueprint as rrb

    def lines(below: str = "") -> list[Line]:
        return [
            Line(
                entity(f"{below}{path}", name),
                name,
                _colour(number),
                few=seen.numbers[path].count <= FEW,
            )
            for number, (name, seen) in enumerate(runs.items())
            if path in seen.numbers
        ]

    if not is_loss(path):
        return [plot(path, lines(), rrb.Corner2D.LeftTop)]
    corner = rrb.Corner2D.RightTop  # losses fall
    twin = plot(f"log10 of {path}", lines(f"{LOG10}/"), corner)
    return tabs([plot(path, lines(), corner), twin], path)


def _colour(number: int) -> Colour:
    """Those of the dashboard, and then the same ones darker."""
    turn, place = divmod(number, len(COLOURS))
    red, green, blue = (round(part * 0.6**turn) for part in COLOURS[place])
    return red, green, blue


def _rows(runs: Mapping[str, Seen]) -> list[rrb.Container | rrb.View]:
    """The visuals at one path beside each other, a column for each run."""
    kinds = {
        path: kind for kind in reversed(_SHOWN) for seen in runs.values() for path in seen.at(kind)
    }
    found = []
    for path in sorted(kinds, key=lambda one: (one.startswith("train/"), one)):
        here = [name for name, seen in runs.items() if path in seen.shown]
        found += row([view(f"{name}/{path}", kinds[path]) for name in here], path)
    return found
