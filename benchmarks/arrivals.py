"""What has arrived: numbers and pictures, read back from the files of each way of logging."""

from __future__ import annotations

import csv
import json
import sqlite3
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # the readers of the tests, from any folder

from tests.support import wandb_files

PICTURE = "train/picture"


@dataclass
class Arrived:
    """The content of one kind of files.

    Attributes:
        numbers: The values of each path, in the order of steps.
        pictures: How many pictures there are.
    """

    numbers: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    pictures: int = 0

    def add(self, values: dict[str, object]) -> None:
        """Add one step's numbers; what is none is left out."""
        for path, value in values.items():
            if isinstance(value, float | int):
                self.numbers[path].append(value)


def read_recording(recording: Path) -> Arrived:
    """What a Rerun recording holds."""
    from rerun.chunk import RrdReader

    found = Arrived()
    order: defaultdict[str, list[int]] = defaultdict(list)
    reader = RrdReader(recording)
    for store in reader.recordings():
        for chunk in reader.stream(store=store):
            path = chunk.entity_path.strip("/")
            batch = chunk.to_record_batch()
            columns = set(batch.schema.names)
            if "Scalars:scalars" in columns and "step" in columns:
                found.numbers[path] += batch.column("Scalars:scalars").flatten().to_pylist()
                order[path] += batch.column("step").cast("int64").to_pylist()
            for kind in columns & {"EncodedImage:blob", "Image:buffer"} if path == PICTURE else ():
                found.pictures += len(batch) - batch.column(kind).null_count
    for path, steps in order.items():
        pairs = sorted(zip(steps, found.numbers[path], strict=True))
        found.numbers[path] = [value for _, value in pairs]
    return found


def read_wandb(folder: Path) -> Arrived:
    """What the one W&B run below a folder holds, as soon as it has ended."""
    [place] = wandb_files.folders(folder / "wandb")
    found = Arrived()
    for row in wandb_files.wait(place).history:
        found.add(row)
    found.pictures = len(list((place / "files" / "media").rglob("*.*")))
    return found


def read_tensorboard(folder: Path) -> Arrived:
    """What the one event file in a folder holds."""
    from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

    found = Arrived()
    [file] = folder.glob("events.*")
    for event in LegacyEventFileLoader(str(file)).Load():
        for value in event.summary.value:
            if value.HasField("image"):
                found.pictures += 1
            elif value.HasField("simple_value"):
                found.numbers[value.tag].append(value.simple_value)
    return found


def read_trackio(folder: Path) -> Arrived:
    """What the one database in a folder holds; of pictures, those whose file is there."""
    found = Arrived()
    [file] = folder.glob("*.db")
    database = sqlite3.connect(file)
    try:
        for (row,) in database.execute("SELECT metrics FROM metrics ORDER BY step"):
            values = json.loads(row)
            found.add(values)
            picture = values.get(PICTURE)
            found.pictures += bool(picture and (folder / "media" / picture["file_path"]).exists())
    finally:
        database.close()
    return found


def read_csv(folder: Path) -> Arrived:
    """What the one table below a folder holds."""
    found = Arrived()
    [file] = folder.rglob("metrics.csv")
    with file.open() as lines:
        for row in csv.DictReader(lines):
            found.add({path: float(value) for path, value in row.items()})
    return found
