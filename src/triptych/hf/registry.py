"""`register`: makes `TrainingArguments(report_to="rerun")` work."""

from __future__ import annotations

from typing import Any

from triptych.hf.callback import RerunCallback


def register(**arguments: Any) -> None:
    """Let `report_to="rerun"` add a `RerunCallback` to every Trainer made from now on.

    Best effort: transformers keeps its table of integrations to itself (5.23), and a later version
    may move it; `callbacks=[RerunCallback(...)]` is the supported way.

    Args:
        **arguments: What each callback is made with, as for `RerunCallback`.

    Raises:
        RuntimeError: If the table is not where it was.
        TypeError: If `RerunCallback` does not take such arguments.
    """
    RerunCallback(**arguments)  # a mistake shows here, not when the first Trainer is made

    class Registered(RerunCallback):
        """A `RerunCallback` as `register` was told to make it."""

        def __init__(self) -> None:
            super().__init__(**arguments)

    try:
        from transformers.integrations.integration_utils import INTEGRATION_TO_CALLBACK
    except ImportError as error:
        raise RuntimeError(
            'This version of transformers keeps its integrations elsewhere, so report_to="rerun" '
            "cannot be had: pass callbacks=[RerunCallback(...)] to the Trainer."
        ) from error
    INTEGRATION_TO_CALLBACK["rerun"] = Registered
