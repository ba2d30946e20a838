"""The strip of phases: when the loop was training, when validating."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Sequence
from typing import Any

from triptych.dashboard import PHASE_COLOURS
from triptych.pipeline.records import Artifact, Batch, Columns, Stamp

Moment = tuple[float, int, int | None, str]
"""Time, step, epoch and phase."""

_OTHER = (150, 150, 150)
_REMEMBERED = 2000  # rows; numbers of one phase may come after later ones of another


class Phases:
    """Finds changes of the phase among what is written, whatever comes first.

    It learns of a phase from what is logged in it: one in which nothing is logged does not show.
    """

    def __init__(self) -> None:
        self._open = False  # whether a change was found that is not told yet
        self._moments: list[Moment] = []
        self._before: tuple[str, int] = ("", -1)  # phase and last step of what is forgotten
        self._found: set[Moment] = set()
        self._now = ""

    def changes(self, batch: Batch, until: float = math.inf) -> list[Stamp]:
        """Stamps, not given before, at which another phase began, in the order of time.

        Args:
            batch: What has come.
            until: Seconds since 1970: later changes wait, since what comes late may be before them.
        """
        fresh = [moment for columns in batch.columns for moment in _moments(columns)]
        # that of files says where these belong, which may be long ago
        stamps = [one.stamp for one in batch.records if not isinstance(one.value, Artifact)]
        fresh += [(at.time, at.step, at.epoch, at.phase) for at in stamps]
        fresh.sort(key=_time)
        known = self._moments[-1][0] if self._moments else 0.0
        in_order = not fresh or fresh[0][0] >= known
        self._moments += fresh
        self._open |= not in_order or any(name != self._now for _, _, _, name in fresh)
        if not self._open:  # nearly always
            self._forget()
            return []
        self._moments.sort(key=_time)
        if len(self._moments) > 2 * _REMEMBERED:
            until = max(until, self._moments[-_REMEMBERED][0])  # what is forgotten is told before
        turns = list(self._turns())
        self._open = bool(turns) and turns[-1][0] > until
        new = [one for one in turns if one[0] <= until and one not in self._found]
        self._found |= set(new)
        self._now = turns[-1][3] if turns else self._before[0]
        self._forget()
        return [Stamp(step, epoch, phase, when) for when, step, epoch, phase in new]

    def _turns(self) -> Iterator[Moment]:
        now, last = self._before
        for when, step, epoch, phase in self._moments:
            if phase == now:
                last = step
            # At the step of a validation its phase stays: on that timeline it would have no width.
            elif not (phase == "train" and step == last):
                # training goes on with the next step, though it may be later that it logs
                first = min(step, last + 1) if phase == "train" and now else step
                now, last = phase, step
                yield when, first, epoch, phase

    def _forget(self) -> None:
        if len(self._moments) <= 2 * _REMEMBERED:
            return
        gone = self._moments[-_REMEMBERED]
        names = [self._before[0], *(name for when, _, _, name in self._turns() if when < gone[0])]
        self._before = names[-1], self._moments[-_REMEMBERED - 1][1]
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
