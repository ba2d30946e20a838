"""Attempts in W&B's offline files: what a later one has made again is not sent twice."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from triptych.archive.transaction_log import parsed, read_records, rewrite

_AXIS = "trainer/global_step"
_OF_EVERY_ROW = {_AXIS, "epoch", "_step", "_runtime", "_timestamp"}

Spans = dict[str, tuple[int, int]]
"""The first and the last step at each key."""


def leave_out_superseded(logs: Sequence[Path], *, only: Collection[Path]) -> int:
    """Take the rows out of W&B's logs that a later attempt of the run has made again.

    W&B keeps every row that it is sent, and draws two values at one step: a curve that goes back.
    As in `triptych.open_run`, of each attempt those values are left out whose step lies between the
    first and the last of a later attempt. Texts stay, and so does all that is in the recordings.

    Args:
        logs: The .wandb files of all attempts, the earliest first.
        only: Those that may be changed: none that W&B has.

    Returns:
        How many rows are gone or have become smaller.

    Raises:
        OSError: A log cannot be read or replaced.
    """
    if len(logs) < 2:  # noqa: PLR2004  # nothing is later
        return 0
    changed = 0
    later: list[Spans] = []
    for log in reversed(logs):
        spans = _spans(log)
        if log in only and later:
            changed += rewrite(log, partial(_rest, later=later))
        later.append(spans)
    return changed


def _spans(log: Path) -> Spans:
    found: Spans = {}
    for data in read_records(log):
        row = parsed(data).history  # empty in records of other kinds
        step = _step(row)
        if step is None:
            continue
        for key in map(_key, row.item):
            first, last = found.get(key, (step, step))
            found[key] = min(first, step), max(last, step)
    return found


def _rest(data: bytes, later: Sequence[Spans]) -> bytes | None:
    """A record without what was made again; None if nothing is left of it."""
    record = parsed(data)
    row, step = record.history, _step(record.history)
    if step is None:
        return data
    kept = [
        item
        for item in row.item
        if _key(item) in _OF_EVERY_ROW
        or (len(item.nested_key) < 2 and item.value_json.startswith('"'))  # noqa: PLR2004  # a text
        or not any(first <= step <= last for first, last in _those(later, _key(item)))
    ]
    if len(kept) == len(row.item):
        return data
    if all(_key(item) in _OF_EVERY_ROW for item in kept):
        return None
    del row.item[:]
    row.item.extend(kept)
    return bytes(record.SerializeToString())


def _those(later: Sequence[Spans], key: str) -> list[tuple[int, int]]:
    return [spans[key] for spans in later if key in spans]


def _step(row: Any) -> int | None:
    found = next((item.value_json for item in row.item if _key(item) == _AXIS), None)
    return None if found is None else int(json.loads(found))


def _key(item: Any) -> str:
    return str(item.key) or "/".join(item.nested_key[:1])
