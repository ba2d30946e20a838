"""`RunOptions`: the arguments of `triptych.run` that others hand on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypedDict

from triptych.dashboard import Dashboard


class RunOptions(TypedDict, total=False):
    """What may be said about any run, wherever it lies: see `triptych.run`."""

    config: Mapping[str, Any] | None
    tags: Iterable[str]
    notes: str | None
    group: str | None
    sinks: Any
    wandb: Any
    live: bool | str
    console: bool | Literal["json"]
    logging: dict[str, Any] | None
    strict: bool | None
    dashboard: Dashboard | None
    snapshot: bool
    upload_recording: Literal["end", "on_failure", False]
    max_overhead: float | None
    max_disk: float | str | None
