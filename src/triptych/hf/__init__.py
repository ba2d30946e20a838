"""Hugging Face Trainer and TRL: `RerunCallback`, and `register` for `report_to="rerun"`."""

from __future__ import annotations

try:
    import transformers  # noqa: F401  # whether it is there, and nothing else
except ImportError as error:
    raise ImportError(
        "triptych.hf needs Hugging Face transformers: pip install triptych[hf]"
    ) from error

from triptych.hf.callback import RerunCallback
from triptych.hf.registry import register

__all__ = ["RerunCallback", "register"]
