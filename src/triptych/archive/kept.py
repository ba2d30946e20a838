"""`Kept`: files that outlive those of the user: a framework deletes its old checkpoints."""

from __future__ import annotations

import errno
import itertools
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from triptych.archive.names import safe_name

log = logging.getLogger("triptych")

_OWNER_ONLY = 0o700


class Kept:
    """Files as they are now, in the run folder: linked at once, and copied when there is time.

    The link saves them from being deleted, the copy from being written to: `torch.save` to a path
    of before writes into the same file, and so into every hard link to it.

    Args:
        path: A file or a folder. In a folder, links that lead out of it are left out.
        folder: The run folder.
        name: Under which versions belong together.
        step: At which they were saved.

    Attributes:
        path: Where they are kept: below `artifacts/<name>/step-<k>/`, under their own name.

    Raises:
        OSError: A file is missing, or no link and no folder can be made.
    """

    def __init__(self, path: Path, folder: Path, *, name: str, step: int) -> None:
        self._files: list[tuple[Path, Path, tuple[int, int]]] = []  # whence, whither, state
        path = path.absolute()
        source = path.resolve()
        place = _new_folder(folder, name, step)
        self.path = place / (path.name if path.name not in ("", "..") else source.name or "root")
        if source.is_dir():
            shutil.copytree(
                source, self.path, copy_function=self._link, ignore=_leading_out_of(source)
            )
        else:
            self._link(source, self.path)

    def own(self) -> None:
        """Make copies of the links, unless ours is the only one left.

        Raises:
            OSError: A file cannot be copied, or has changed since.
        """
        for source, target, before in self._files:
            origin = target if target.exists() else source
            if origin is source or target.stat().st_nlink > 1:
                copy = target.with_name(f"{target.name}.copy")
                copy.touch(mode=0o600)
                shutil.copyfile(origin, copy)
                unchanged = _state(origin) == before
                copy.replace(target)
            else:
                unchanged = _state(target) == before
            if not unchanged:
                target.unlink()  # nobody knows what it holds
                raise OSError(f"{str(source)!r} was written to before it could be copied")

    def _link(self, source: str | Path, target: str | Path) -> None:
        source = Path(source).resolve()  # on Linux a link to a link is one more of those
        self._files.append((source, Path(target), _state(source)))
        try:
            os.link(source, target)
        except OSError as why:
            log.debug("%s will be copied: %s", source, why)  # another disk, or one without links


def _state(path: Path) -> tuple[int, int]:
    told = path.stat()
    return told.st_size, told.st_mtime_ns


def _new_folder(folder: Path, name: str, step: int) -> Path:
    """A folder that nobody has used: what lies in those that there are may wait for an upload."""
    home = folder / "artifacts" / safe_name(name)
    for one in (home.parent, home):
        one.mkdir(mode=_OWNER_ONLY, exist_ok=True)
        if one.is_symlink():
            raise PermissionError(
                errno.EPERM, f"{str(one)!r} is a link that leads out of the run folder; remove it"
            )
    for count in itertools.count(1):
        place = home / (f"step-{step}" if count == 1 else f"step-{step}-{count}")
        try:
            place.mkdir(mode=_OWNER_ONLY)
        except FileExistsError:
            continue
        break
    return place


def _leading_out_of(folder: Path) -> Callable[[str, list[str]], list[str]]:
    """Names the links that lead out of a folder: what is there was not meant to be uploaded."""

    def leads_out(place: str, names: list[str]) -> list[str]:
        here = [Path(place, name) for name in names]
        found = [
            one
            for one in here
            if one.is_symlink() and not (one.exists() and one.resolve().is_relative_to(folder))
        ]
        for one in found:
            log.warning("%s links to nothing in the folder that is saved, and is left out.", one)
        return [one.name for one in found]

    return leads_out
