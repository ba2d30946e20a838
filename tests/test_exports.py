"""The public names, and what it costs to have them."""

from __future__ import annotations

import importlib
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

import triptych

NAMES = [
    "Audio",
    "Bars",
    "Boxes",
    "Boxes3D",
    "ConfusionMatrix",
    "Curve",
    "Dashboard",
    "Depth",
    "Embedding",
    "Every",
    "Figure",
    "Graph",
    "Grid",
    "Heatmap",
    "Histogram",
    "Image",
    "Limit",
    "Lines",
    "Markdown",
    "Mesh",
    "Points",
    "Route",
    "Run",
    "Status",
    "Table",
    "Text",
    "Tokens",
    "Totals",
    "TriptychWarning",
    "Video",
    "logging_config",
    "monitors",
    "open_run",
    "run",
    "seed_everything",
    "setup_logging",
    "visuals",
]

_HEAVY = ["PIL", "accelerate", "lightning", "numpy", "pandas", "rerun", "rich", "torch"]
_HEAVY += ["transformers", "wandb"]


def test_public_names_are_these() -> None:
    """A name that is added or goes is a decision, and stands here."""
    assert triptych.__all__ == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    """The lazy ones too."""
    thing = getattr(importlib.import_module("triptych"), name)
    assert thing.__doc__


def test_unknown_name_is_an_attribute_error() -> None:
    """As in any module."""
    with pytest.raises(AttributeError, match="module 'triptych' has no attribute 'Imgae'"):
        triptych.Imgae  # noqa: B018


def test_import_loads_no_framework_and_no_back_end() -> None:
    """Nor numpy: it comes with the first visual or the first row that is read."""
    program = f"import sys, triptych; print([name for name in {_HEAVY} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def _seconds(program: str, env: dict[str, str]) -> float:
    """Of the processor: what else the machine does at the time is not our cost."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], env=env, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _cost(env: dict[str, str]) -> float:
    pairs = [(_seconds("pass", env), _seconds("import triptych", env)) for _ in range(5)]
    bare, ours = map(statistics.median, zip(*pairs, strict=True))
    return float(ours - bare)


def test_import_takes_less_than_150_ms_more_than_bare_python(tmp_path: Path) -> None:
    """Compiled, as an installed package is; median of five, and three chances."""
    env = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    _seconds("import triptych", env)
    assert min(_cost(env) for _ in range(3)) < 0.15
