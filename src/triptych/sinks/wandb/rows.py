"""`Rows`: what a W&B run gets, row by row, on our axis or on that of the host."""

from __future__ import annotations

from typing import Any

from triptych.pipeline.records import Columns, WandbHost

AXIS = "trainer/global_step"
"""Our step in W&B: a metric, since rows whose own `step=` goes back are dropped there."""

_HOSTS = {"trainer/global_step": -1, "train/global_step": 0}
"""Axes of Lightning's WandbLogger, which counts from 0, and of Hugging Face's WandbCallback."""


class Rows:
    """Calls of `wandb.log`, on the sink's worker.

    Args:
        run: The W&B run.
        host: How the framework that has opened it counts, if that is known.
        guest: Whether the run is somebody else's: numbers which the host logs are left to it.
    """

    def __init__(self, run: Any, host: WandbHost | None = None, *, guest: bool = False) -> None:
        self._run = run
        self._guest = guest
        self._axis, self._offset = (host.axis, host.offset) if host else (AXIS, 0)
        self._looks = guest and host is None
        self._hosted: set[str] = set()
        self._ours: set[str] = set()

    def begin(self) -> None:
        """Name our axis, before anything is logged: W&B orders its axes by what comes first."""
        self._run.define_metric(AXIS)
        self._run.define_metric("*", step_metric=AXIS)

    def look_at_host(self) -> None:
        """Learn a host's axis, and which numbers it logs itself, from what it has logged."""
        if not self._looks:
            return
        logged = set(self._run.summary.keys())
        self._hosted |= logged - self._ours
        for axis, offset in _HOSTS.items():
            if axis in self._hosted:
                self._axis, self._offset = axis, offset
                return
        if AXIS not in self._ours:
            self._run.define_metric(AXIS)
            self._ours.add(AXIS)

    def log_columns(self, blocks: tuple[Columns, ...]) -> None:
        """Send one row for each step and epoch."""
        rows: dict[tuple[int, int], list[dict[str, float]]] = {}
        for block in blocks:
            paths = [path for path in block.paths if path not in self._hosted]
            places = [block.paths.index(path) for path in paths]
            for step, epoch, values in zip(
                block.steps.tolist(), block.epochs.tolist(), block.values.tolist(), strict=True
            ):
                here = rows.setdefault((step, epoch), [{}])
                if not here[-1].keys().isdisjoint(paths):  # logged twice at one step: two rows
                    here.append({})
                here[-1].update(zip(paths, (values[place] for place in places), strict=True))
        for (step, epoch), here in sorted(rows.items()):
            for row in filter(None, here):
                self.log(row, step, None if epoch < 0 else epoch)

    def log(self, row: dict[str, Any], step: int, epoch: int | None) -> None:
        """Send a row."""
        self._ours |= row.keys()
        row = {**row, self._axis: max(0, step + self._offset)}
        if epoch is not None and not self._guest:
            row["epoch"] = epoch
        self._run.log(row)
