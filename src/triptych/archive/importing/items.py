"""What an importer finds in the logs of another tool: who the run was, and what it logged."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeAlias

from triptych.pipeline.records import Columns, Event, Record, Stamp, Status, Words
from triptych.visuals import Visual


@dataclass(frozen=True, slots=True)
class About:
    """Who a run was.

    Attributes:
        kind: The tool that wrote the log.
        origin: The file or folder that it was read from.
        project: What groups it with others.
        name: Display name.
        started: Seconds since 1970.
        config: The settings; more may come among the items.
        tags: Short labels.
        notes: A longer description, or None.
        group: The larger whole that it is a part of, or None.
    """

    kind: str
    origin: Path
    project: str
    name: str
    started: float
    config: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    notes: str | None = None
    group: str | None = None


class Number(NamedTuple):
    """A number; the epoch is None where it is not known, the time in seconds since 1970."""

    path: str
    step: int
    epoch: int | None
    time: float
    value: float


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings that stand further down in the log."""

    config: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ending:
    """How the run ended, where the log says it."""

    status: Status


Item: TypeAlias = Number | Columns | Record | Settings | Ending


class Source(Protocol):
    """The log of one run of another tool.

    Attributes:
        about: Who the run was; read when the source is made.
        left_out: After `items`: what Triptych has no place for, and how often it was there.
    """

    about: About
    left_out: Counter[str]

    def items(self) -> Iterator[Item]:
        """Read everything, in the order of the log."""
        ...


def shown(path: str, step: int, epoch: int | None, time: float, visual: Visual) -> Record:
    """A visual at its step."""
    return Record(path, _stamp(step, epoch, time), visual)


def said(logger: str, step: int, epoch: int | None, time: float, text: str) -> Record:
    """A line that was printed or logged."""
    stamp = _stamp(step, epoch, time)
    line = logging.LogRecord(logger, logging.INFO, "", 0, text, None, None)
    line.created, line.msecs = time, time % 1 * 1000
    line.__dict__.update(step=step, epoch=epoch, phase=stamp.phase, rank=0)
    return Record(f"logs/{logger}", stamp, Words(line))


def happened(step: int, epoch: int | None, time: float, text: str) -> Record:
    """A marker."""
    return Record("events", _stamp(step, epoch, time), Event(text))


def _stamp(step: int, epoch: int | None, time: float) -> Stamp:
    return Stamp(step, epoch, "", time)  # no other tool says in which phase it was
