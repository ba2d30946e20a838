"""The other ways of logging, each as its manual teaches it."""

from __future__ import annotations

import os
from pathlib import Path

from arrivals import PICTURE, Arrived, read_csv, read_tensorboard, read_trackio, read_wandb
from rigs import ByHand, Nothing, Pixels, Rig, Triptych, TriptychInFull, Values


class LightningWandb(Nothing):
    """Lightning's logger for W&B, without its Trainer."""

    name = "WandbLogger"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        from lightning.pytorch.loggers import WandbLogger

        self._logger = WandbLogger(project="benchmark", save_dir=folder, mode="offline")
        self._run = self._logger.experiment  # opens it

    def log(self, values: Values, /) -> None:
        """One row."""
        self._logger.log_metrics(values, step=self.step)

    def log_picture(self, values: Values, pixels: Pixels, /) -> None:
        """The picture is a row of its own."""
        self._logger.log_metrics(values, step=self.step)
        self._logger.log_image(PICTURE, [pixels], step=self.step)

    def close(self) -> None:
        """What the Trainer and the user do at the end."""
        self._logger.finalize("success")
        self._run.finish()

    def arrived(self) -> dict[str, Arrived]:
        """In W&B's files."""
        return {"W&B": read_wandb(self._folder)}


class TensorBoard(Nothing):
    """PyTorch's writer for TensorBoard."""

    name = "SummaryWriter"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(folder)

    def log(self, values: Values, /) -> None:
        """One call for each number."""
        for path, value in values.items():
            self._writer.add_scalar(path, value, self.step)

    def log_picture(self, values: Values, pixels: Pixels, /) -> None:
        """One call more."""
        self.log(values)
        self._writer.add_image(PICTURE, pixels, self.step, dataformats="HWC")

    def close(self) -> None:
        """Close the writer."""
        self._writer.close()

    def arrived(self) -> dict[str, Arrived]:
        """In the event file."""
        return {"events": read_tensorboard(self._folder)}


class Trackio(Nothing):
    """Trackio on this machine: a SQLite database, and a folder of pictures."""

    name = "trackio"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        os.environ["TRACKIO_DIR"] = str(folder)  # read once, by the import
        import trackio

        self._trackio = trackio
        trackio.init(project="benchmark", embed=False)

    def log(self, values: Values, /) -> None:
        """One call."""
        self._trackio.log(dict(values), step=self.step)

    def log_picture(self, values: Values, pixels: Pixels, /) -> None:
        """The picture belongs to the same row."""
        self._trackio.log({**values, PICTURE: self._trackio.Image(pixels)}, step=self.step)

    def close(self) -> None:
        """Finish the run."""
        self._trackio.finish()

    def arrived(self) -> dict[str, Arrived]:
        """In the database."""
        return {"SQLite": read_trackio(self._folder)}


class LightningCSV(Nothing):
    """Lightning's logger for a table of text, which takes no pictures."""

    name = "CSVLogger"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        from lightning.pytorch.loggers import CSVLogger

        self._logger = CSVLogger(folder)

    def log(self, values: Values, /) -> None:
        """One row; it writes a hundred at a time."""
        self._logger.log_metrics(dict(values), step=self.step)

    def log_picture(self, values: Values, _pixels: Pixels, /) -> None:
        """The numbers only."""
        self.log(values)

    def close(self) -> None:
        """Write the rest."""
        self._logger.finalize("success")

    def arrived(self) -> dict[str, Arrived]:
        """In the table."""
        return {"CSV": read_csv(self._folder)}


RIGS: dict[str, type[Rig]] = {
    rig.name: rig
    for rig in (
        *(Nothing, Triptych, TriptychInFull, ByHand),
        *(LightningWandb, TensorBoard, Trackio, LightningCSV),
    )
}
