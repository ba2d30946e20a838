"""Beside a WandbLogger, and in its place."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import wandb
from lightning.pytorch.loggers import WandbLogger
from PIL import Image as PillowImage
from torch import Tensor

from tests.lightning.small import (
    QUIET,
    Batch,
    Small,
    loader,
    make_logger,
    make_trainer,
    recording,
)
from tests.support import rrd, wandb_files
from triptych.lightning import RerunLogger, VisualCallback
from triptych.pipeline.cadence import Every

pytestmark = QUIET


@pytest.mark.parametrize("first", [True, False])
def test_beside_a_wandb_logger_it_is_a_guest(tmp_path: Path, *, first: bool) -> None:
    """Pictures, events and status go to the host's run, on its axis; its numbers come once."""

    class Telling(Small):
        def on_train_end(self) -> None:
            for logger in self.loggers:
                if isinstance(logger, RerunLogger):
                    logger.experiment.event("trained")

    theirs = WandbLogger(project="digits", mode="offline", save_dir=tmp_path)
    ours = make_logger(tmp_path, wandb="auto")
    loggers = [ours, theirs] if first else [theirs, ours]
    callback = VisualCallback(every=Every(steps=4), stages=["train"])
    make_trainer(tmp_path, loggers, max_epochs=1, callbacks=[callback]).fit(
        Telling(), loader(), loader()
    )
    assert ours.close()
    assert not wandb.run._is_finished  # type: ignore[union-attr]
    theirs.experiment.finish()

    (folder,) = wandb_files.folders(tmp_path / "wandb")
    host = wandb_files.wait(folder)
    assert [step for step, _ in host.curve("train/loss")] == [0, 1, 2, 3]
    assert [step for step, _ in host.curve("val/loss")] == [3]
    assert host.curve("events") == [(3, "trained")]
    pictures = [
        row["trainer/global_step"] for row in host.history if "train/samples/0._type" in row
    ]
    assert pictures == [0]
    assert host.summary["triptych/status"] == "finished"
    assert not (Path(ours.save_dir) / "wandb").exists()
    assert rrd.scalars(recording(ours), "/train/loss")[0].tolist() == [1, 2, 3, 4]


def test_media_methods_show_in_both_places(tmp_path: Path) -> None:
    """A module that was written for WandbLogger runs as it is."""
    picture = np.zeros((4, 6, 3), np.uint8)
    picture[:, 3:] = 255
    PillowImage.fromarray(picture).save(tmp_path / "picture.png")
    boxes = {"said": {"box_data": [_box(0.5, 1.0)], "class_labels": {1: "one"}}}
    masks = {"said": {"mask_data": np.ones((4, 6), np.uint8), "class_labels": {1: "one"}}}

    class Showing(Small):
        def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
            logger: Any = self.logger
            logger.log_image("single", [picture], caption=["half"])
            logger.log_image("kinds", [torch.rand(3, 4, 6), str(tmp_path / "picture.png")])
            logger.log_image("drawn", [picture], boxes=[boxes], masks=[masks])
            logger.log_image("own", [wandb.Image(picture, caption="theirs")])
            logger.log_table("table", columns=["a", "b"], data=[[1, "x"], [2, [3, 4]]])
            logger.log_table("frame", dataframe=pd.DataFrame({"a": [1.5], "b": ["y"]}))
            logger.log_text("text", columns=["said"], data=[["hello"]])
            return super().training_step(batch, batch_idx)

    logger = make_logger(tmp_path, wandb="offline")
    with logger:
        make_trainer(tmp_path, logger, max_epochs=1).fit(Showing(), loader(1))

    shown = recording(logger)
    ((step, single),) = rrd.images(shown, "/single")
    assert (step, np.array_equal(np.asarray(single.convert("RGB")), picture)) == (1, True)
    for name in ("/kinds/0", "/kinds/1", "/drawn", "/own"):
        assert [at for at, _ in rrd.images(shown, name)] == [1]
    texts = {entity: text for _, entity, text in rrd.documents(shown)}
    assert "| 2 | \\[3, 4\\] |" in texts["/table"]
    assert "| 1.5 | y |" in texts["/frame"]
    assert "| hello |" in texts["/text"]
    (folder,) = wandb_files.folders(Path(logger.save_dir) / "wandb")
    found = wandb_files.wait(folder)
    kinds = {
        path: found.media(path)[0]["_type"]
        for path in ("single", "kinds/0", "kinds/1", "drawn", "own", "table", "frame", "text")
    }
    assert kinds == {
        **dict.fromkeys(("single", "kinds/0", "kinds/1", "drawn", "own"), "image-file"),
        **dict.fromkeys(("table", "frame", "text"), "table-file"),
    }
    assert [boxed for boxed in found.media("drawn")[0] if boxed.startswith(("boxes", "masks"))]


def test_audio_and_video_show_in_both_places(tmp_path: Path) -> None:
    """Arrays everywhere, and so do films of files; sounds of files are for W&B."""
    with wave.open(str(tmp_path / "beep.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(1600))
    (tmp_path / "clip.gif").write_bytes(bytes(100))
    frames = np.zeros((4, 3, 6, 8), np.uint8)
    frames[0] = 255

    with make_logger(tmp_path, wandb="offline", strict=False) as logger:
        logger.log_audio("beep", [str(tmp_path / "beep.wav")], step=1, caption=["a beep"])
        logger.log_audio("tone", [np.zeros(100)], step=1, sample_rate=[8000])
        logger.log_video("clip", [str(tmp_path / "clip.gif")], step=1, format=["gif"])
        logger.log_video("frames", [frames], step=2, fps=[2], format=["mp4"])
        logger.log_video("batch", [frames[None]], step=2)

    (folder,) = wandb_files.folders(Path(logger.save_dir) / "wandb")
    found = wandb_files.wait(folder)
    kinds = {path: found.media(path)[0]["_type"] for path in ("beep", "tone", "clip", "frames")}
    assert [*kinds.values()] == ["audio-file"] * 2 + ["video-file"] * 2
    places = {"/tone": "AssetAudio:blob", "/frames": "AssetVideo:blob", "/batch": "AssetVideo:blob"}
    for path, component in places.items():
        steps = [row.time("step") for row in rrd.rows(recording(logger), path) if component in row]
        assert steps == [1 if path == "/tone" else 2]


def test_media_arguments_are_checked(tmp_path: Path) -> None:
    """As WandbLogger checks them."""
    logger = make_logger(tmp_path)
    with pytest.raises(TypeError, match="images of 'a' come as a list, not as ndarray"):
        logger.log_image("a", np.zeros((2, 2)))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="There are 2 caption for 1 images of 'a'"):
        logger.log_image("a", [np.zeros((2, 2))], caption=["b", "c"])


def test_watch_logs_gradients_and_parameters(tmp_path: Path) -> None:
    """Histograms every so many updates, in both places, and the model as text."""
    logger = make_logger(tmp_path, wandb="offline")
    model = Small()
    logger.watch(model, log="all", log_freq=3)
    assert not (tmp_path / "runs").exists()
    with logger:
        make_trainer(tmp_path, logger, max_epochs=1).fit(model, loader(5))

    for name in ("gradients/net.1.weight", "parameters/net.1.bias"):
        steps = [row.time("step") for row in rrd.rows(recording(logger), f"/{name}")]
        assert sorted(set(steps), key=str) == [1, 4]
    (folder,) = wandb_files.folders(Path(logger.save_dir) / "wandb")
    found = wandb_files.wait(folder)
    rows = [row for row in found.history if "gradients/net.1.weight._type" in row]
    assert [row["trainer/global_step"] for row in rows] == [1, 4]
    ((_, _, text),) = [row for row in rrd.documents(recording(logger)) if row[1] == "/model"]
    assert "Linear(in_features=64, out_features=10, bias=True)" in text


def _box(left: float, right: float) -> dict[str, Any]:
    position = {"minX": left, "maxX": right, "minY": 0.0, "maxY": 1.0}
    return {"position": position, "class_id": 1, "box_caption": "one"}
