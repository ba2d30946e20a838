"""The checkpoint that a Trainer is about to load: it says in which run the training goes on.

Lightning asks loggers for the folder of models, and tells ModelCheckpoint of it, before it loads
the checkpoint (2.6). Another folder there, and ModelCheckpoint forgets which models were the best.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from triptych.lightning.clockwork import SAVED

log = logging.getLogger("triptych")


def checkpoint_ahead(logger: object) -> Path | None:
    """The checkpoint with which the Trainer that is calling this logger right now will train.

    None where there is none, or it is no file of this machine: then what it says is known once it
    is loaded.
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  # no hook tells it in time
    while frame is not None:
        trainer, path = frame.f_locals.get("self"), frame.f_locals.get("ckpt_path")
        if path and any(one is logger for one in getattr(trainer, "loggers", ())):
            found = Path(path)
            fits = getattr(getattr(trainer, "state", None), "fn", None) == "fit"
            return found if fits and found.is_file() else None
        frame = frame.f_back
    return None


def read_state(path: Path) -> Mapping[str, Any]:
    """What our part of a checkpoint says, without reading its weights; empty where it has none.

    Nothing in the file is run: a checkpoint with more than weights and plain values counts as one
    without our part.
    """
    import torch

    try:
        saved = torch.load(path, map_location="cpu", mmap=True, weights_only=True)
    except Exception as problem:  # noqa: BLE001  # whatever is wrong, Lightning will say it
        log.debug("%s cannot be looked into: %s", path, problem)
        return {}
    state = saved.get(SAVED) if isinstance(saved, Mapping) else None
    return state if isinstance(state, Mapping) else {}
