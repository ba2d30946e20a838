"""Saved models: what is said of them, and files of ours that outlive the framework's."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from triptych.pipeline.records import Checkpoint


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
    copy = _keep(path, folder / "artifacts" / f"step-{step}") if upload else None
    names = tuple(dict.fromkeys((*aliases, f"step-{step}")))
    return Checkpoint(path, text, name, copy, names, metrics)


def _keep(path: Path, place: Path) -> Path:
    """Link the files, or copy them where the disk is another."""
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = place / path.name
    if path.is_dir():
        shutil.copytree(path, target, copy_function=_link, dirs_exist_ok=True)
    else:
        _link(str(path), str(target))
    return target


def _link(source: str, target: str) -> None:
    Path(target).unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
