"""Saved models: what is said of them, and files of ours that outlive the framework's."""

from __future__ import annotations

import errno
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from triptych.pipeline.records import Checkpoint

log = logging.getLogger("triptych")


def note_checkpoint(
    path: Path,
    folder: Path,
    *,
    step: int,
    name: str,
    metrics: dict[str, float],
    aliases: tuple[str, ...],
    upload: bool,
) -> Checkpoint:
    """Describe a saved model, and keep its files if they are to be uploaded.

    Args:
        path: What was saved, a file or a folder.
        folder: The run folder.
        step: At which step; becomes the alias `step-<k>`.
        name: Under which its versions belong together.
        metrics: The score it was saved with.
        aliases: Further names of this version.
        upload: Whether to keep its files.

    Raises:
        OSError: If they cannot be kept.
    """
    score = ", ".join(f"{key} {value:.6g}" for key, value in metrics.items())
    text = f"checkpoint {path.name}" + (f" ({score})" if score else "")
    copy = _keep(path, folder, step) if upload else None
    names = tuple(dict.fromkeys((*aliases, f"step-{step}")))
    return Checkpoint(path, text, name, copy, names, metrics)


def _keep(path: Path, folder: Path, step: int) -> Path:
    """Link the files, or copy them where the disk is another; what links lead to counts as file."""
    artifacts = folder / "artifacts"
    place = artifacts / f"step-{step}"
    for one in (artifacts, place):
        one.mkdir(mode=0o700, exist_ok=True)
        if one.is_symlink():
            raise PermissionError(
                errno.EPERM, f"{str(one)!r} is a link that leads out of the run folder; remove it"
            )
    path = path.absolute()
    source = path.resolve()
    target = place / (path.name if path.name not in ("", "..") else source.name or "root")
    if source.is_dir():
        shutil.copytree(
            source, target, copy_function=_link, ignore=_outside(source), dirs_exist_ok=True
        )
    else:
        _link(str(source), str(target))
    return target


def _outside(folder: Path) -> Callable[[str, list[str]], list[str]]:
    """Names the links that lead out of a folder: what is there was not meant to be uploaded."""

    def leads_out(place: str, names: list[str]) -> list[str]:
        here = [Path(place, name) for name in names]
        found = [
            one
            for one in here
            if one.is_symlink() and not (one.exists() and one.resolve().is_relative_to(folder))
        ]
        for one in found:
            log.warning("%s links to nothing in the checkpoint, and is left out.", one)
        return [one.name for one in found]

    return leads_out


def _link(source: str, target: str) -> None:
    Path(target).unlink(missing_ok=True)
    source = os.path.realpath(source)  # on Linux `os.link` links a link itself
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
