"""A sink for another process: it does what the events tell it to, and keeps a diary in a file."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

from triptych.pipeline.records import Batch, Failure, RunInfo, Status
from triptych.pipeline.sink import NotKept


class OddError(Exception):
    """What pickle makes of it cannot be read."""

    def __init__(self, what: str, _why: str) -> None:
        super().__init__(what)


class DiarySink:
    """Takes events such as "raise", and visuals; see `read`.

    Args:
        file: Gets a line for each record.
    """

    name = "diary"
    durable = True

    def __init__(self, file: Path) -> None:
        self.file = file
        self.hint = ""
        self._info: Any = None

    def open(self, info: RunInfo) -> None:
        """Say who it is."""
        self._info = info
        self.hint = f"open {os.getpid()}"
        if info.name == "cannot open":
            raise FileNotFoundError("no such thing")

    def write(self, batch: Batch) -> None:
        """Keep what came, and do what it says."""
        for block in batch.columns:
            self._keep({path: block.values[:, at].tolist() for at, path in enumerate(block.paths)})
        for record in batch.records:
            value = record.value
            text = getattr(value, "text", type(getattr(value, "pixels", None)).__name__)
            self._keep({record.path: text})
            if text == "raise":
                raise ValueError("told to")
            if text == "not kept":
                raise NotKept("shown") from OSError(28, "no space left")
            if text == "unreadable":
                raise OddError("odd", "too odd")
            if text == "log":
                logging.getLogger("sdk").warning("%s is %d", "this", 1)
                warnings.warn("and that", stacklevel=1)
            if text == "die":
                os._exit(1)
            if text == "hang":
                time.sleep(600)

    def flush(self, _deadline: float) -> None:
        """Say what is known of the other sinks."""
        self._keep({"opens_with": dict(self._info.opens_with), "torch": "torch" in sys.modules})

    def close(self, status: Status, _error: Failure | None, _deadline: float) -> None:
        """Keep how it ended."""
        self._keep({"status": str(status)})

    def let_go(self, _deadline: float) -> bool:
        """The other process is gone."""
        self._keep({"let": "go"})
        return True

    def _keep(self, entry: dict[str, Any]) -> None:
        with self.file.open("a") as file:
            file.write(json.dumps({"pid": os.getpid(), **entry}) + "\n")


def read(file: Path) -> list[dict[str, Any]]:
    """All that was kept, without who did."""
    lines = map(json.loads, file.read_text().splitlines() if file.exists() else ())
    return [{key: value for key, value in line.items() if key != "pid"} for line in lines]
