"""`Report`: what a dry run has cost, and what of it came back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class SinkReport:
    """What became of the dry run in one sink.

    Attributes:
        name: Of the sink.
        came_back: How many numbers, pictures and lines were read back as they were logged.
        problems: What was not.
        step_ms: Processor time of the sink's worker for a step of numbers, milliseconds.
        picture_ms: And for a picture.
        bytes_per_hour: What the numbers and lines of an hour take up on disk.
    """

    name: str
    came_back: dict[str, int]
    problems: tuple[str, ...]
    step_ms: float
    picture_ms: float
    bytes_per_hour: float


@dataclass(frozen=True, slots=True)
class Report:
    """What a dry run has cost, and what of it came back.

    Attributes:
        steps: How many there were.
        numbers: How many were logged at each.
        rate: Steps per second that the bytes per hour are for.
        call_ms: What a call of `run.log` holds up training, milliseconds: the median.
        slow_call_ms: What 99 of 100 calls stay below.
        picture_bytes: Of one picture on disk, in each place.
        complaints: Warnings and errors that Triptych has logged.
        sinks: One for each.
    """

    steps: int
    numbers: int
    rate: float
    call_ms: float
    slow_call_ms: float
    picture_bytes: int
    complaints: tuple[str, ...]
    sinks: tuple[SinkReport, ...]

    @property
    def bytes_per_hour(self) -> float:
        """In all places together."""
        return sum(sink.bytes_per_hour for sink in self.sinks)

    def to_json(self) -> str:
        """In one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` has made."""
        told = json.loads(text)
        sinks = tuple(
            SinkReport(**{**sink, "problems": tuple(sink["problems"])})
            for sink in told.pop("sinks")
        )
        return cls(**{**told, "sinks": sinks, "complaints": tuple(told["complaints"])})
