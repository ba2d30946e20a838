"""Reads the folder of a finished run: what each of the three panels holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.support import wandb_files
from tests.support.wandb_files import WandbRun
from triptych.archive.folder import RunFolder
from triptych.archive.gap import missing
from triptych.archive.tail import journals, read_tail
from triptych.pipeline.records import Batch


@dataclass(frozen=True)
class Panels:
    """The panels of one run; the recording is read with `tests.support.rrd`."""

    folder: Path

    @property
    def recording(self) -> Path:
        """The .rrd file of the first attempt."""
        return self.folder / "recording-1.rrd"

    @cached_property
    def wandb(self) -> WandbRun:
        """What W&B's files say, once its exit record is there.

        Raises:
            TimeoutError: it never comes: W&B's process was killed.
        """
        return wandb_files.wait(self.wandb_folder)

    @property
    def wandb_folder(self) -> Path:
        """W&B's folder of the run."""
        (folder,) = wandb_files.folders(self.folder / "wandb")
        return folder

    @property
    def log(self) -> str:
        """`train.log`."""
        return (self.folder / "train.log").read_text("utf-8")

    @property
    def lines(self) -> list[dict[str, Any]]:
        """`train.log` of a run that wrote it as JSON, a dict a line."""
        return [json.loads(line) for line in self.log.splitlines()]

    @property
    def story(self) -> dict[str, Any]:
        """`run.json`."""
        story: dict[str, Any] = json.loads((self.folder / "run.json").read_text("utf-8"))
        return story


def find(root: Path) -> Panels:
    """Finds the only run below a `root=`.

    Raises:
        ValueError: there is none, or more than one.
    """
    (story,) = root.glob("*/*/run.json")
    return Panels(story.parent)


def unrecorded(folder: RunFolder) -> dict[int, Batch]:
    """For each attempt what its journal holds and its recording does not."""
    gaps = [missing(folder, read_tail(journal)) for journal in journals(folder)]
    return {attempt: gap.batch for one in gaps for attempt, gap in one.items() if gap.batch.size}
