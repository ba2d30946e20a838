"""PyTorch Lightning: `RerunLogger` for a Trainer or a Fabric, `VisualCallback` for its pictures.

trainer = L.Trainer(logger=RerunLogger("digits"), callbacks=[VisualCallback()])
"""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("lightning") is None:
    raise ImportError("triptych.lightning needs Lightning: pip install 'triptych[lightning]'.")

from triptych.lightning.callback import VisualCallback
from triptych.lightning.logger import RerunLogger

__all__ = ["RerunLogger", "VisualCallback"]
