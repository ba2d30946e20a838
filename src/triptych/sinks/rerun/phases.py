"""The strip of phases: when the loop was training, when validating."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from typing import Any

from triptych.dashboard import PHASE_COLOURS
from triptych.pipeline.records import Batch, Columns, Stamp

Moment = tuple[float, int, int | None, str]
"""Time, step, epoch and phase."""

_OTHER = (150, 150, 150)
_REMEMBERED = 2000  # rows; numbers of one phase may come after later ones of another


class Phases:
    """Finds changes of the phase among what is written, whatever comes first.

    It learns of a phase from what is logged in it: one in which nothing is logged does not show.
    """

    def __init__(self) -> None:
        self._moments: list[Moment] = []
        self._before: tuple[str, int] = ("", -1)  # phase and step of what is forgotten
        self._found: set[Moment] = set()
        self._now = ""

    def changes(self, batch: Batch) -> list[Stamp]:
        """Stamps, not given before, at which another phase began, in the order of time."""
        fresh = [moment for columns in batch.columns for moment in _moments(columns)]
        stamps = [record.stamp for record in batch.records]
        fresh += [(at.time, at.step, at.epoch, at.phase) for at in stamps]
        fresh.sort(key=_time)
        known = self._moments[-1][0] if self._moments else 0.0
        in_order = not fresh or fresh[0][0] >= known
        self._moments += fresh
        if in_order and all(name == self._now for _, _, _, name in fresh):  # nearly always
            self._forget()
            return []
        self._moments.sort(key=_time)
        turns = list(self._turns())
        new = [change for change in turns if change not in self._found]
        self._found |= set(new)
        self._now = turns[-1][3] if turns else self._before[0]
        self._forget()
        return [Stamp(step, epoch, phase, when) for when, step, epoch, phase in new]

    def _turns(self) -> Iterator[Moment]:
        now, since = self._before
        for moment in self._moments:
            _, step, _, phase = moment
            # At the step of a validation its phase stays: on that timeline it would have no width.
            if phase != now and not (phase == "train" and step == since):
                now, since = phase, step
                yield moment

    def _forget(self) -> None:
        if len(self._moments) <= 2 * _REMEMBERED:
            return
        gone = self._moments[-_REMEMBERED]
        for change in self._turns():
            if change[0] < gone[0]:
                self._before = change[3], change[1]
        self._moments = self._moments[-_REMEMBERED:]
        self._found = {change for change in self._found if change[0] >= gone[0]}


def phase_colours(names: Sequence[str]) -> Any:
    """Labels and colours of phases: `rerun.StateConfiguration`."""
    import rerun as rr

    colours = [PHASE_COLOURS.get(name, _OTHER) for name in names]
    return rr.StateConfiguration(values=names, labels=names, colors=colours)


_time = operator.itemgetter(0)


def _moments(columns: Columns) -> Iterator[Moment]:
    """Those of the rows."""
    rows = zip(columns.times.tolist(), columns.steps.tolist(), columns.epochs.tolist(), strict=True)
    for (when, step, epoch), phase in zip(rows, columns.phases, strict=True):
        yield when, step, None if epoch < 0 else epoch, phase
