"""W&B's transaction log, record by record: read, and rewritten in one move."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any
from zlib import crc32

# The log is LevelDB's, with a header of its own and the plain CRC-32 (wandb 0.31):
# https://github.com/google/leveldb/blob/main/doc/log_format.md
_HEADER = 7  # bytes at the start of the file
_BLOCK = 32768
_CHUNK = struct.Struct("<IHB")  # checksum, length, kind
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4


def read_records(log: Path) -> Iterator[bytes]:
    """What each record holds, up to the end or to where the log was cut off.

    Raises:
        OSError: The log cannot be read.
    """
    with log.open("rb") as file:
        file.seek(_HEADER)
        yield from _records(file)


def parsed(data: bytes) -> Any:
    """What `read_records` gave, as W&B's own `Record`."""
    from wandb.proto.wandb_internal_pb2 import Record  # type: ignore[attr-defined]  # generated

    return Record.FromString(data)


def rewrite(log: Path, mend: Callable[[bytes], bytes | None]) -> int:
    """Put other records in the place of some; the log stays as it is if there is no other.

    Args:
        log: The .wandb file of a run that has ended.
        mend: Given a record, the one to put in its place; None leaves it out.

    Returns:
        How many records are others now, or gone.

    Raises:
        OSError: The log cannot be read or replaced.
    """
    changed = 0
    with tempfile.NamedTemporaryFile(dir=log.parent, prefix=".log-", delete=False) as new:
        try:
            with log.open("rb") as old:
                new.write(old.read(_HEADER))
                for data in _records(old):
                    mended = mend(data)
                    changed += mended != data
                    if mended is not None:
                        _write(new, mended)
            new.close()
            if changed:
                Path(new.name).replace(log)
        finally:
            Path(new.name).unlink(missing_ok=True)
    return changed


def _records(log: IO[bytes]) -> Iterator[bytes]:
    parts: list[bytes] = []
    while True:
        left = _BLOCK - log.tell() % _BLOCK
        if left < _CHUNK.size:
            log.seek(left, 1)
        head = log.read(_CHUNK.size)
        if len(head) < _CHUNK.size:
            return
        checksum, length, kind = _CHUNK.unpack(head)
        data = log.read(length)
        if _checksum(kind, data) != checksum:
            return
        parts = [data] if kind in (_FULL, _FIRST) else [*parts, data]
        if kind in (_FULL, _LAST):
            yield b"".join(parts)


def _write(log: IO[bytes], data: bytes) -> None:
    first = True
    while first or data:
        left = _BLOCK - log.tell() % _BLOCK
        if left < _CHUNK.size:
            log.write(bytes(left))
            left = _BLOCK
        part, data = data[: left - _CHUNK.size], data[left - _CHUNK.size :]
        kind = {(1, 1): _FULL, (1, 0): _FIRST, (0, 0): _MIDDLE, (0, 1): _LAST}[first, not data]
        log.write(_CHUNK.pack(_checksum(kind, part), len(part), kind) + part)
        first = False


def _checksum(kind: int, data: bytes) -> int:
    return crc32(data, crc32(bytes([kind])))
