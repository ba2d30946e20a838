"""Whether there is a place to write to, and room in it."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from triptych.doctor.finding import Finding, green, red, yellow

_PROBE = 2**20  # bytes that are written for a try
_TOO_LITTLE = 200 * 10**6  # bytes; W&B's and Rerun's own files alone take some megabytes
_LITTLE = 5 * 10**9
_ELSEWHERE = "a folder on another disk"
_WRITABLE = "a folder that you can write to"
_FULL = (errno.ENOSPC, errno.EDQUOT)
_REASONS = {
    errno.ENOSPC: "it is full",
    errno.EDQUOT: "your share of it is used up",
    errno.EEXIST: "there is a file of that name",
}


def check_folders(root: Path) -> list[Finding]:
    """Write to the folder of all runs, and to that of temporary files, and look for room."""
    return [check_root(root), _check_temporary()]


def check_root(root: Path) -> Finding:
    """The folder of all runs alone."""
    place = root.expanduser().absolute()
    return _check("folder", place, "pass --root, and root= in training,")


def _check_temporary() -> Finding:
    """W&B and the viewer need some."""
    ask = "set TMPDIR to"
    try:
        place = Path(tempfile.gettempdir())
    except FileNotFoundError as why:  # it has tried to write to each
        return red("temporary", str(why.strerror), f"{ask} {_WRITABLE}")
    return _check("temporary", place, ask)


@contextmanager
def scratch(root: Path) -> Iterator[Path]:
    """A folder below `root` that is gone afterwards, and so is what had to be made for it.

    Raises:
        OSError: It cannot be made.
    """
    place = root.expanduser().absolute()
    made = [path for path in (place, *place.parents) if not path.is_dir()]
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(
            prefix=".doctor-", dir=place, ignore_cleanup_errors=True
        ) as folder:
            yield Path(folder)
    finally:
        with suppress(OSError):  # a run has begun there meanwhile
            for missing in made:
                missing.rmdir()


def _check(subject: str, place: Path, ask: str) -> Finding:
    fix = f"{ask} {_ELSEWHERE}"
    try:
        with scratch(place) as folder:
            _try_out(folder)
            free = shutil.disk_usage(folder).free
    except OSError as why:
        reason = _REASONS.get(why.errno or 0, why.strerror)
        mend = fix if why.errno in _FULL else f"{ask} {_WRITABLE}"
        return red(subject, f"{place} cannot be written to: {reason}", mend)
    from rich.filesize import decimal

    told = f"{place} has {decimal(free)} free"
    if free < _TOO_LITTLE:
        return red(subject, f"{told}, too little for a run", fix)
    if free < _LITTLE:
        return yellow(subject, f"{told}, which pictures soon fill", fix)
    return green(subject, told)


def _try_out(folder: Path) -> None:
    with (folder / "probe").open("wb") as file:
        file.write(bytes(_PROBE))
        file.flush()
        os.fsync(file.fileno())  # only now is a quota or a network disk asked
