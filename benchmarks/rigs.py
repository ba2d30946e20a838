"""Ways of logging to files, for the benchmarks: ours, the same by hand, and none.

A way imports what it needs when it is made, so that a process which measures one holds no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt
from arrivals import PICTURE, Arrived, read_recording, read_wandb

NAMES = tuple(f"train/metric-{index}" for index in range(10))
PATIENCE = 300.0  # seconds that closing may take where a backlog is part of the measurement

Values = Mapping[str, Any]
Pixels = npt.NDArray[np.uint8]


class Rig(Protocol):
    """A way of logging, ready for the first step; `workplace` has been entered before.

    Args:
        folder: Where it writes; it is there, and empty.
    """

    name: ClassVar[str]

    def __init__(self, folder: Path) -> None: ...

    def advance(self) -> None:
        """Go on to the next step."""
        ...

    def log(self, values: Values, /) -> None:
        """Log one step's numbers."""
        ...

    def log_picture(self, values: Values, pixels: Pixels, /) -> None:
        """Log one step's numbers and a picture, (H, W, 3)."""
        ...

    def close(self) -> None:
        """Write everything to disk."""
        ...

    def arrived(self) -> dict[str, Arrived]:
        """What is on disk, by the kind of files."""
        ...


class Nothing:
    """What the loop itself takes."""

    name = "nothing"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.step = 0

    def advance(self) -> None:
        """Count."""
        self.step += 1

    def log(self, values: Values, /) -> None:
        """Do nothing."""

    def log_picture(self, values: Values, pixels: Pixels, /) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    def arrived(self) -> dict[str, Arrived]:
        """Nothing."""
        return {}


class Triptych:
    """One `run.log` a step; the default sinks: a recording, W&B offline, text."""

    name = "triptych"

    def __init__(self, folder: Path) -> None:
        import triptych

        self._image = triptych.Image
        self.run = triptych.run("benchmark", root=folder, console=False, **self._places())
        self.advance = self.run.advance
        self.log = self.run.log

    def _places(self) -> dict[str, Any]:
        return {"wandb": "offline"}

    def log_picture(self, values: Values, pixels: Pixels, /) -> None:
        """In a call of its own."""
        self.run.log(values)
        self.run.log({PICTURE: self._image(pixels)})

    def close(self) -> None:
        """Close the run."""
        self.run.close(timeout=PATIENCE)

    def arrived(self) -> dict[str, Arrived]:
        """W&B has fewer than were logged: each number is the mean of a window."""
        return {"Rerun": read_recording(self.run.info.recording), "W&B": read_wandb(self.run.dir)}


class TriptychInFull(Triptych):
    """The same sinks, and every value for W&B too."""

    name = "triptych, W&B in full"

    def _places(self) -> dict[str, Any]:
        import triptych
        from triptych.sinks.wandb import WandbSink
        from triptych.training.routes import rerun_route, text_route

        text = text_route(triptych.logging_config(console=False))
        return {"sinks": [rerun_route(), text, WandbSink("offline")]}


class ByHand(Nothing):
    """One `wandb.log`, and an `rr.log` for each value."""

    name = "wandb + rerun by hand"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        import rerun as rr
        import wandb

        self._rr, self._wandb = rr, wandb
        self._recording = folder / "by-hand.rrd"
        rr.init("by-hand")
        rr.save(self._recording)
        self._run = wandb.init(project="by-hand", dir=folder, mode="offline")

    def advance(self) -> None:
        """Count, and move Rerun's clock."""
        self.step += 1
        self._rr.set_time("step", sequence=self.step)

    def log(self, values: Values, /) -> None:
        """Log to W&B in one call, to Rerun in one for each number."""
        self._wandb.log(dict(values))
        self._log_each(values)

    def log_picture(self, values: Values, pixels: Pixels, /) -> None:
        """The picture belongs to the same row of W&B."""
        self._wandb.log({**values, PICTURE: self._wandb.Image(pixels)})
        self._log_each(values)
        self._rr.log(PICTURE, self._rr.Image(pixels))

    def _log_each(self, values: Values) -> None:
        for path, value in values.items():
            self._rr.log(path, self._rr.Scalars(value))

    def close(self) -> None:
        """Finish the one and disconnect the other."""
        self._run.finish()
        self._rr.disconnect()

    def arrived(self) -> dict[str, Arrived]:
        """In the file that `rr.save` named, and in W&B's."""
        return {"Rerun": read_recording(self._recording), "W&B": read_wandb(self._folder)}
