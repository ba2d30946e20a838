"""Plots of numbers: losses, what is measured, the optimizer, the machine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from triptych.dashboard.naming import (
    COLOURS,
    LOG10,
    PHASE_COLOURS,
    Colour,
    is_loss,
    layer,
    machine,
    natural,
    optimizer,
    phase,
    subject,
    told_phase,
)
from triptych.dashboard.parts import Line, entity, plot, row, tabs
from triptych.dashboard.seen import FEW, Seen
from triptych.dashboard.wishes import Dashboard

if TYPE_CHECKING:
    import rerun.blueprint as rrb

_OPTIMIZER = ("Learning rate", "Gradients", "Weights")


class Plots:
    """Sorts numbers into plots.

    A number that came once is in no plot of its own: a point says less than the table of the
    summary, which has it.

    Args:
        seen: What there is.
        wishes: What the user wants.
    """

    def __init__(self, seen: Seen, wishes: Dashboard) -> None:
        self._seen = seen
        self._wishes = wishes
        paths = sorted(seen.numbers, key=lambda path: (wishes.rank(path), natural(path)))
        free = [path for path in paths if wishes.title(path) is None]
        self._titled = {
            title: [path for path in paths if wishes.title(path) == title] for title in wishes.group
        }
        self._losses = [path for path in free if is_loss(path)]
        others = [path for path in free if not is_loss(path)]
        self._machine = _by(others, machine)
        others = [path for path in others if not machine(path)]
        self._layers = _by(others, layer)
        others = [path for path in others if not layer(path)]
        self._optimizer = _by(others, optimizer)
        self._measured = _by((path for path in others if not optimizer(path)), subject)

    def losses(self) -> list[rrb.Container | rrb.View]:
        """All in one plot, and its twin with a logarithmic axis in a second tab."""
        import rerun.blueprint as rrb

        paths = [path for path in self._losses if phase(path) or self._many(path)]
        if not any(map(self._many, paths)):
            return []
        # losses fall, so that the corner on the upper right is free
        corner = rrb.Corner2D.RightTop
        plain = self._plot("Loss", paths, corner)
        return tabs([plain, self._plot("log10 of loss", paths, corner, below=LOG10)], "Losses")

    def measured(self) -> list[rrb.Container | rrb.View]:
        """The user's groups, then train/acc with val/acc, then what begins alike."""
        # what is measured in several phases is what a newcomer wants to compare
        ranked = sorted(
            self._measured.items(),
            key=lambda group: (
                self._wishes.rank(group[1][0]),
                not told_phase(group[1][0]),
                -len(group[1]),
                natural(group[0]),
            ),
        )
        return self._plots({**self._titled, **dict(ranked)})

    def optimizer(self) -> list[rrb.Container | rrb.View]:
        """Learning rate, gradients and weights beside each other."""
        tuned = {title: self._optimizer.get(title, []) for title in _OPTIMIZER}
        return row(self._plots(tuned), "Optimizer")

    def layers(self) -> list[rrb.Container | rrb.View]:
        """Norms of the gradients and the weights of each layer."""
        return self._plots(self._layers)

    def machine(self) -> list[rrb.Container | rrb.View]:
        """How fast it goes, what takes the time, and how far it has come."""
        return self._plots(self._machine)

    def all(self) -> list[rrb.Container | rrb.View]:
        """Every kind, for a row of few."""
        plots = [*self.losses(), *self.measured(), *self.optimizer()]
        return [*plots, *self.layers(), *self.machine()]

    def _plots(self, groups: dict[str, list[str]]) -> list[rrb.Container | rrb.View]:
        import rerun.blueprint as rrb

        plots: list[rrb.Container | rrb.View] = []
        for title, paths in groups.items():
            if any(map(self._many, paths)):
                alone = len(paths) == 1 and title == paths[0].partition("/")[0]
                name = paths[0] if alone else title
                falls = title in _OPTIMIZER
                corner = rrb.Corner2D.RightTop if falls else rrb.Corner2D.LeftTop
                plots.append(self._plot(name, paths, corner))
        return plots

    def _many(self, path: str) -> bool:
        return self._seen.numbers[path].count > 1

    def _plot(
        self, name: str, paths: list[str], legend: rrb.Corner2D, *, below: str = ""
    ) -> rrb.View:
        lines = [
            Line(entity(path, below), path, colour, few=self._seen.numbers[path].count <= FEW)
            for path, colour in _coloured(paths).items()
        ]
        return plot(name, lines, legend)


def _by(paths: Iterable[str], title: Any) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for path in paths:
        name = title(path)
        if name is not None:
            groups.setdefault(name, []).append(path)
    return groups


def _coloured(paths: list[str]) -> dict[str, Colour]:
    """That of its phase for each path, or one after the other where phases do not tell them."""
    ordered = sorted(paths, key=lambda path: (told_phase(path) != "train", natural(path)))
    phases = [told_phase(path) for path in ordered]
    if None not in phases and len(set(phases)) == len(phases):
        return {path: PHASE_COLOURS[str(told_phase(path))] for path in ordered}
    return {path: COLOURS[place % len(COLOURS)] for place, path in enumerate(ordered)}
