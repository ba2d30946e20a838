"""`Gradients`: norms of gradients and weights, and learning rates, just before an update."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Collection, Mapping
from math import ceil
from typing import TYPE_CHECKING, Any

from triptych.monitors.incidents import Incidents
from triptych.monitors.norms import Groups, norms, total
from triptych.monitors.settings import Monitors

if TYPE_CHECKING:
    from triptych.training.run import Run

SHARE = 0.001  # of the time of an update that a look may take

_WARM = 3  # looks that show what a look costs; torch loads kernels in the first
_COSTS, _INTERVALS = 5, 3  # of which the median counts: one may be odd, as with a pause in it


class Gradients:
    """Watches the parameters of one optimizer.

    Args:
        run: Where the numbers go.
        optimizer: A `torch.optim.Optimizer`.
        names: Of the parameters, by their `id`.
        monitors: How often it looks.
        suffix: Of the paths, where there are several optimizers: "/0".
        known: Paths that somebody else logs.
    """

    def __init__(
        self,
        run: Run,
        optimizer: Any,
        names: Mapping[int, str],
        monitors: Monitors,
        suffix: str,
        known: Collection[str],
    ) -> None:
        self._run = run
        self._clock = run.clock
        self._optimizer = optimizer
        self._names = names
        self._monitors = monitors
        self._suffix = suffix
        self._known = known
        self._incidents = Incidents(run)
        self._groups: dict[str, tuple[tuple[str, ...], Groups]] = {}
        self._parameters: list[tuple[str, Any]] = []
        self._logged: dict[str, Any] = {}  # rates
        self._seen: list[Any] = []  # the same, as the optimizer holds them
        self._step = -1  # asked last
        self._next = self._next_modules = 0
        self._looked = (run.clock.step, time.perf_counter())  # step and time of the last look
        self._intervals: deque[float] = deque(maxlen=_INTERVALS)
        self._costs: deque[float] = deque(maxlen=_COSTS)

    def look(self) -> None:
        """Look, if it is due; the gradients are complete and the update has not been made.

        A second call at the same step does nothing: whoever wants the gradients as they are before
        clipping calls this before.
        """
        step = self._clock.step
        if self._step < step < self._next:
            self._step = step
            self._log_new_rates()
            return
        if step == self._step or not self._run.active:
            return
        if step < self._step:  # the clock was set back
            self._next = self._next_modules = step
        self._step = step
        began = self._measure(step)
        modules = step >= self._next_modules
        if self._look(modules=modules):
            self._next = step + self._distance()
            if not modules:
                self._costs.append(time.perf_counter() - began)

    def settle(self) -> None:
        """Wait for the device, and judge what is left: the training is over."""
        self._incidents.settle(wait=True)

    def _look(self, *, modules: bool) -> bool:
        """Look; False if there are no gradients."""
        named = self._named()
        with_gradient = [(name, one) for name, one in named if one.grad is not None]
        if not with_gradient:
            return False
        names = tuple(name for name, _ in with_gradient)
        gradients = norms([one.grad for _, one in with_gradient])
        size = total(gradients)
        self._incidents.add(names, gradients, size)
        self._logged = self._rates()
        row = {f"train/grad_norm{self._suffix}": size, **self._logged}
        if modules and not self._incidents.going_on:  # a NaN in all charts tells nothing new
            self._next_modules = self._run.step + self._monitors.modules
            weights = norms([one.detach() for _, one in named])
            row[f"train/weight_norm{self._suffix}"] = total(weights)
            row |= self._by_module("grad_norm", names, gradients)
            row |= self._by_module("weight_norm", tuple(name for name, _ in named), weights)
        for path in self._known:
            row.pop(path, None)
        self._run.log(row)
        return True

    def _by_module(self, what: str, names: tuple[str, ...], vector: Any) -> dict[str, Any]:
        before, groups = self._groups.get(what) or ((), None)
        if groups is None or before != names:
            groups = Groups(names)
            self._groups[what] = (names, groups)
        if len(groups.names) == 1:
            return {}  # the total says it all
        found = groups.norms(vector)
        return {f"{what}{self._suffix}/{name}": norm for name, norm in found.items()}

    def _named(self) -> list[tuple[str, Any]]:
        groups = self._optimizer.param_groups
        if sum(len(group["params"]) for group in groups) != len(self._parameters):
            found = [parameter for group in groups for parameter in group["params"]]
            known = {id(one): one for one in found}
            ordered = [known.pop(number) for number in self._names if number in known]
            self._parameters = [
                (self._names.get(id(one), f"parameter-{place}"), one)
                for place, one in enumerate([*ordered, *known.values()])
            ]
        return self._parameters

    def _log_new_rates(self) -> None:
        """A schedule is seen whole, however rare the looks are."""
        groups = self._optimizer.param_groups
        if len(groups) == len(self._seen):
            for group, seen in zip(groups, self._seen, strict=True):
                if group.get("lr") is not seen:  # quick, and asks no tensor
                    break
            else:
                return
        self._seen = [group.get("lr") for group in groups]
        rates = self._rates()
        # tensors are left to the looks: to compare them would be to wait for their device
        if all(map(_is_plain, rates.values())) and rates != self._logged:
            self._logged = rates
            self._run.log({path: rate for path, rate in rates.items() if path not in self._known})

    def _rates(self) -> dict[str, Any]:
        path = f"train/lr{self._suffix}"
        rates = {
            f"{path}/{group.get('name', place)}": group["lr"]
            for place, group in enumerate(self._optimizer.param_groups)
            if "lr" in group
        }
        values = list(rates.values())
        alike = all(map(_is_plain, values)) and len(set(values)) == 1
        return {path: values[0]} if alike or len(values) == 1 else rates

    def _measure(self, step: int) -> float:
        """Remember how long an update takes, as the mean since the last look; gives the time."""
        before, then = self._looked
        now = time.perf_counter()
        if step > before:
            self._intervals.append((now - then) / (step - before))
        self._looked = (step, now)
        return now

    def _distance(self) -> int:
        if self._monitors.gradients is not None:
            return self._monitors.gradients
        if len(self._costs) < _WARM or not self._intervals:
            return 1
        allowed = SHARE * max(statistics.median(self._intervals), 1e-9)
        return max(1, ceil(statistics.median(self._costs) / allowed))


def _is_plain(rate: Any) -> bool:
    return isinstance(rate, float | int)
