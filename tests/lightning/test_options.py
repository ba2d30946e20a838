"""What adapters hand on to `triptych.run`."""

from __future__ import annotations

import inspect
from typing import get_type_hints

import pytest

import triptych
from triptych.lightning import RerunLogger
from triptych.training.options import RunOptions


def test_options_are_all_that_run_takes() -> None:
    """But for where the run lies, which each adapter has its own way to say."""
    keywords = [
        name
        for name, one in inspect.signature(triptych.run).parameters.items()
        if one.kind is inspect.Parameter.KEYWORD_ONLY and name not in ("root", "resume")
    ]
    assert list(get_type_hints(RunOptions)) == keywords


def test_a_wrong_option_is_refused_at_once() -> None:
    """Not when the run opens, amidst the training."""
    with pytest.raises(TypeError, match="max_overheads"):
        RerunLogger("digits", max_overheads=0.1)  # type: ignore[call-arg]  # that is the point
