"""Folders and processes of their own, so that no measurement disturbs another."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder that is gone afterwards; nobody finds a key, settings or a network there.

    W&B reads its environment once in a process: enter this before anything is logged.
    """
    with tempfile.TemporaryDirectory(prefix="triptych-benchmark-") as place:
        os.environ |= {
            "WANDB_MODE": "offline",
            "WANDB_SILENT": "true",
            "WANDB_ERROR_REPORTING": "false",
            "WANDB_CONFIG_DIR": place,
            "WANDB_CACHE_DIR": place,
            "WANDB_DATA_DIR": place,
            "HF_HUB_OFFLINE": "1",
        }
        yield Path(place)


def alone(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function of a module in a new process, which prints nothing; give what it returns."""
    with ProcessPoolExecutor(1, get_context("spawn"), initializer=_be_silent) as pool:
        return pool.submit(function, *args, **kwargs).result()


def _be_silent() -> None:
    sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # for good
