"""How lines, events and names lie in the journal: a line of JSON each, with a checksum before it.

Text, so that it can be read without Triptych, and so that a damaged line costs no other.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from zlib import crc32

from triptych.pipeline.records import Artifact, Event, Failure, Record, Stamp, Words


def frame(entry: Mapping[str, Any]) -> bytes:
    """An entry as it is written."""
    text = json.dumps(entry, separators=(",", ":"), default=str).encode("ascii")
    return b"%08x %s\n" % (crc32(text), text)


def sound_entries(data: bytes) -> Iterator[dict[str, Any]]:
    """The entries whose checksum is good."""
    for line in data.replace(b"\0", b"").split(b"\n"):
        told, _, text = line.partition(b" ")
        if told == b"%08x" % crc32(text):
            with suppress(ValueError, RecursionError):
                entry = json.loads(text)
                if isinstance(entry, dict):
                    yield entry


def describe(record: Record) -> dict[str, Any] | None:
    """The entry of a record; None for what is not journaled."""
    value, stamp = record.value, record.stamp
    entry: dict[str, Any]
    if isinstance(value, Words):
        line = value.line
        entry = {
            "words": line.getMessage(),
            "traceback": line.exc_text,
            "logger": line.name,
            "level": line.levelno,
            "local": value.local,
        }
    elif isinstance(value, Event):
        entry = {"event": value.text, "level": value.level}
    elif isinstance(value, Artifact):
        entry = {
            "checkpoint": str(value.path),
            "text": value.text,
            "name": value.name,
            "type": value.type,
            "aliases": value.aliases,
            "metrics": dict(value.metrics),
        }
    elif isinstance(value, Failure):
        entry = {
            "failure": value.kind,
            "message": value.message,
            "traceback": value.traceback,
            "exit_code": value.exit_code,
        }
    else:
        return None
    return entry | {
        "path": record.path,
        "step": stamp.step,
        "epoch": stamp.epoch,
        "phase": stamp.phase,
        "time": stamp.time,
        "rank": stamp.rank,
    }


def restore(entry: Mapping[str, Any]) -> Record | None:
    """The record of an entry; None for an entry that is none.

    Raises:
        KeyError, TypeError, ValueError: If the entry is not as `describe` makes them.
    """
    if "path" not in entry:
        return None
    stamp = Stamp(
        int(entry["step"]),
        None if entry["epoch"] is None else int(entry["epoch"]),
        str(entry["phase"]),
        float(entry["time"]),
        int(entry["rank"]),
    )
    return Record(str(entry["path"]), stamp, _value(entry, stamp))


def _value(entry: Mapping[str, Any], stamp: Stamp) -> Words | Event | Artifact | Failure:
    if "words" in entry:
        line = logging.LogRecord(
            str(entry["logger"]), int(entry["level"]), "", 0, str(entry["words"]), None, None
        )
        line.exc_text = entry["traceback"]
        line.created, line.msecs = stamp.time, stamp.time % 1 * 1000
        line.step, line.epoch, line.phase = stamp.step, stamp.epoch, stamp.phase
        line.rank = stamp.rank
        return Words(line, local=bool(entry["local"]))
    if "event" in entry:
        return Event(str(entry["event"]), str(entry.get("level", "INFO")))
    if "checkpoint" in entry:
        return Artifact(
            Path(entry["checkpoint"]),
            str(entry["text"]),
            str(entry["name"]),
            str(entry["type"]),
            aliases=tuple(entry["aliases"]),
            metrics=dict(entry["metrics"]),
        )
    return Failure(
        str(entry["failure"]),
        str(entry["message"]),
        str(entry["traceback"]),
        int(entry["exit_code"]),
    )
