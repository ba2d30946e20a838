"""`digest`: the SHA-256 of a file or of a folder, as `sha256sum` gives it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Digest:
    """What files hold.

    Attributes:
        sha256: Of a file 64 hexadecimal digits. Of a folder that of the list of its files, by name,
            in the form of `find . -type f | LC_ALL=C sort | xargs sha256sum`.
        bytes: Of all files together.
    """

    sha256: str
    bytes: int


def digest(path: Path) -> Digest:
    """Read every byte: a second or so for each gigabyte. Links are followed to files only.

    Raises:
        OSError: A file cannot be read, or has changed while it was.
    """
    if not path.is_dir():
        return _digest_file(path)
    files = sorted(
        (Path(place, name) for place, _, names in os.walk(path) for name in names),
        key=lambda file: os.fsencode(file.relative_to(path)),
    )
    whole, size = hashlib.sha256(), 0
    for file in files:
        told = _digest_file(file)
        size += told.bytes
        whole.update(f"{told.sha256}  ./".encode() + os.fsencode(file.relative_to(path)) + b"\n")
    return Digest(whole.hexdigest(), size)


def _digest_file(path: Path) -> Digest:
    with path.open("rb") as file:
        before = os.fstat(file.fileno())
        found = hashlib.file_digest(file, "sha256")  # lets go of the interpreter lock
        after = os.fstat(file.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise OSError(f"{str(path)!r} has changed while it was read")
    return Digest(found.hexdigest(), after.st_size)
