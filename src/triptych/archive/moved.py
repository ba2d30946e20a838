"""Offline files of W&B in a run that was moved: the log names artifacts by the paths of then."""

from __future__ import annotations

from pathlib import Path

from triptych.archive.transaction_log import parsed, rewrite


def find_again(log: Path, folder: Path) -> int:
    """Have a transaction log of W&B name the files that lie in the run folder now.

    The files of an artifact wait in the run folder until they are sent. Their paths are absolute in
    the log, so W&B would not find them where the folder was moved, or copied to another machine.
    The log is replaced in one move, and only if there is something to mend.

    Args:
        log: The .wandb file of an offline run that has ended.
        folder: The run folder; its name is the id of the run.

    Returns:
        How many files were found again.

    Raises:
        OSError: The log cannot be read or replaced.
    """
    found = 0

    def mend(data: bytes) -> bytes:
        nonlocal found
        mended, count = _mend(data, folder)
        found += count
        return mended

    rewrite(log, mend)
    return found


def _mend(data: bytes, folder: Path) -> tuple[bytes, int]:
    """A record with the paths of now, and how many there are in it."""
    if folder.name.encode() not in data:
        return data, 0
    record, count = parsed(data), 0
    for entry in record.artifact.manifest.contents:
        inside = entry.local_path.partition(f"/{folder.name}/")[2]
        place = folder / inside
        if inside and not Path(entry.local_path).exists() and place.is_file():
            entry.local_path = str(place)
            count += 1
    return (record.SerializeToString() if count else data), count
