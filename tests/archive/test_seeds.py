"""Seeds that are set are told."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from triptych.archive import seeds
from triptych.archive.seeds import known_seeds, seed_everything


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a test seeds is as it was afterwards."""
    python, numpy, state = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    monkeypatch.setenv("PYTHONHASHSEED", os.environ.get("PYTHONHASHSEED", "random"))
    monkeypatch.delenv("PL_GLOBAL_SEED", raising=False)
    monkeypatch.setattr(seeds, "_given", {})
    yield
    random.setstate(python)
    np.random.set_state(numpy)  # noqa: NPY002
    torch.set_rng_state(state)


def _draw() -> tuple[float, float, float]:
    return random.random(), float(np.random.rand()), float(torch.rand(()))  # noqa: NPY002, S311


def test_the_same_seed_gives_the_same_numbers_everywhere() -> None:
    """In Python, numpy and torch, and another seed gives others."""
    seed_everything(7)
    first = _draw()
    seed_everything(8)
    other = _draw()
    seed_everything(7)
    assert _draw() == first
    assert all(a != b for a, b in zip(first, other, strict=True))


def test_seeds_are_told() -> None:
    """All that were set, and the one for processes that start later."""
    assert seed_everything(7) == 7
    assert known_seeds() == {"random": 7, "numpy": 7, "torch": 7, "hash": 7}


def test_torch_and_lightning_tell_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set by somebody else, after ours or without it."""
    torch.manual_seed(99)
    monkeypatch.setenv("PL_GLOBAL_SEED", "5")
    assert known_seeds() == {"torch": 99, "lightning": 5}


@pytest.mark.parametrize(
    ("seed", "error", "said"),
    [
        (-1, ValueError, "0 to 4294967295, as numpy wants it, not -1"),
        (2**32, ValueError, "not 4294967296"),
        (1.5, TypeError, "an integer such as 42, not 1.5"),
        (True, TypeError, "not True"),
    ],
)
def test_what_is_no_seed_is_refused(seed: object, error: type[Exception], said: str) -> None:
    """Before anything is seeded."""
    before = random.getstate()
    with pytest.raises(error, match=said):
        seed_everything(seed)  # type: ignore[arg-type]
    assert random.getstate() == before
