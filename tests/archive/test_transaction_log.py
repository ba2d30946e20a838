"""W&B's transaction log is written so that W&B reads it, whatever the length of a record."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from wandb.proto import wandb_internal_pb2 as messages
from wandb.util import get_core_path

from triptych.archive import transaction_log
from triptych.archive.transaction_log import read_records, rewrite

_IDENTITY = b":W&B\xe1\xbe\x00"


def _said(text: str) -> bytes:
    made: Any = messages  # it has no types
    line = made.OutputRawRecord(line=text)
    return bytes(made.Record(output_raw=line).SerializeToString())


def _as_wandb_reads_it(log: Path) -> list[str]:
    call = [get_core_path(), "leet", "inspect", "-json", "-no-observability", "-run-file", str(log)]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    return [json.loads(line)["output_raw"]["line"] for line in done.stdout.splitlines()]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Records around the length of a block, 32 KiB, and of several."""
    with (tmp_path / "run.wandb").open("wb") as file:
        file.write(_IDENTITY)
        for length in (1, 100, 32_640, 32_745, 10, 32_768, 7, 40_000, 100_000, 98_304, 5):
            transaction_log._write(file, _said("x" * length))
    return tmp_path / "run.wandb"


def test_records_of_any_length_come_back(log: Path) -> None:
    """From our reader and from W&B's own."""
    lines = _as_wandb_reads_it(log)
    assert [_said(line) for line in lines] == list(read_records(log))
    assert [len(line) for line in lines][-3:] == [100_000, 98_304, 5]
    assert len(lines) == 11


def test_records_are_replaced_and_left_out(log: Path) -> None:
    """The others stay as they are; with nothing to change, so does the file."""
    before = log.read_bytes()
    assert rewrite(log, lambda data: data) == 0
    assert log.read_bytes() == before

    long = _said("y" * 70_000)
    changes = {_said("x"): long, _said("x" * 5): None}
    assert rewrite(log, lambda data: changes.get(data, data)) == 2
    lines = _as_wandb_reads_it(log)
    assert [len(line) for line in lines[:2]] == [70_000, 100]
    assert len(lines) == 10
    assert list(log.parent.iterdir()) == [log]


def test_a_log_that_was_cut_off_reads_up_to_the_cut(log: Path) -> None:
    """Its writer was killed within a record."""
    whole = list(read_records(log))
    log.write_bytes(log.read_bytes()[:-20_000])
    assert list(read_records(log)) == whole[: len(list(read_records(log)))]
    assert len(list(read_records(log))) == 9
