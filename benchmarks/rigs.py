"""The two ways of logging that the benchmarks compare, and what has arrived of it."""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

sys.path.insert(0, str(Path(__file__).parents[1]))  # the readers of the tests, from any folder

import rerun as rr
import wandb

import triptych
from tests.support import wandb_files

NAMES = tuple(f"train/metric-{index}" for index in range(10))


class Rig(Protocol):
    """A way of logging numbers to Rerun and W&B."""

    name: str

    def advance(self) -> None:
        """Go on to the next step; not part of what is timed."""
        ...

    def log(self, values: Mapping[str, Any], /) -> None:
        """Log one step's values."""
        ...

    def close(self) -> None:
        """Write everything to disk."""
        ...

    def recorded(self) -> Counter[str]:
        """How many numbers each path has in the recording on disk."""
        ...

    def rows(self) -> list[dict[str, Any]]:
        """The rows of W&B's history on disk."""
        ...


class Triptych:
    """One `run.log` a step; the default sinks: a recording, W&B offline, text."""

    name = "triptych"

    def __init__(self, folder: Path) -> None:
        self.run = triptych.run("benchmark", root=folder, console=False, wandb="offline")
        self.advance = self.run.advance
        self.log = self.run.log

    def close(self) -> None:
        """Close the run."""
        self.run.close()

    def recorded(self) -> Counter[str]:
        """Counted in the recording of the attempt."""
        return count_numbers(self.run.info.recording)

    def rows(self) -> list[dict[str, Any]]:
        """Fewer than were logged: each has the mean of a tenth of a second."""
        return wandb_rows(self.run.dir)


class ByHand:
    """One `wandb.log` and an `rr.log` for each number, as the two manuals teach."""

    name = "by hand"

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._step = 0
        self._path = folder / "by-hand.rrd"
        rr.init("by-hand")
        rr.save(self._path)
        self._run = wandb.init(project="by-hand", dir=folder, mode="offline")

    def advance(self) -> None:
        """Count, and move Rerun's clock."""
        self._step += 1
        rr.set_time("step", sequence=self._step)

    def log(self, values: Mapping[str, Any], /) -> None:
        """Log to W&B in one call, to Rerun in one for each number."""
        wandb.log(dict(values))
        for path, value in values.items():
            rr.log(path, rr.Scalars(value))

    def close(self) -> None:
        """Finish the one and disconnect the other."""
        self._run.finish()
        rr.disconnect()

    def recorded(self) -> Counter[str]:
        """Counted in the file that `rr.save` named."""
        return count_numbers(self._path)

    def rows(self) -> list[dict[str, Any]]:
        """One for each step."""
        return wandb_rows(self._folder)


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder that is gone afterwards; W&B is offline, silent, and finds no key and no settings.

    W&B reads its environment once in a process: enter this before anything is logged.
    """
    with tempfile.TemporaryDirectory(prefix="triptych-benchmark-") as place:
        os.environ |= {
            "WANDB_MODE": "offline",
            "WANDB_SILENT": "true",
            "WANDB_ERROR_REPORTING": "false",
            "WANDB_CONFIG_DIR": place,
            "WANDB_CACHE_DIR": place,
            "WANDB_DATA_DIR": place,
        }
        yield Path(place)


def count_numbers(recording: Path) -> Counter[str]:
    """How many numbers each path has in a recording."""
    found: Counter[str] = Counter()
    reader = rr.chunk.RrdReader(recording)
    for store in reader.recordings():
        for chunk in reader.stream(store=store):
            batch = chunk.to_record_batch()
            if "Scalars:scalars" in batch.schema.names:
                column = batch.column("Scalars:scalars")
                found[chunk.entity_path.strip("/")] += len(column) - column.null_count
    return found


def wandb_rows(folder: Path) -> list[dict[str, Any]]:
    """The history of the one W&B run in a folder."""
    [place] = wandb_files.folders(folder / "wandb")
    return wandb_files.wait(place).history
