"""Seeds: set all of them at once, and tell which are known."""

from __future__ import annotations

import os
import random
import sys
from typing import Any

from triptych.archive.plain import JSON

_LARGEST = 2**32 - 1  # numpy takes no more

_given: dict[str, int] = {}


def seed_everything(seed: int) -> int:
    """Seed Python, numpy, torch and, through the environment, the processes that start later.

    Packages that are not imported yet are left out: import them first. DataLoader workers take
    their seeds from torch's. The seed stands in `run.json`, whenever a run is opened after this.

    Args:
        seed: 0 to 4294967295.

    Returns:
        The seed.

    Raises:
        ValueError: If the seed is out of range.
        TypeError: If it is no integer.
    """
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise TypeError(f"The seed is an integer such as 42, not {seed!r}.")
    if not 0 <= seed <= _LARGEST:
        raise ValueError(f"The seed is 0 to {_LARGEST}, as numpy wants it, not {seed}.")
    os.environ["PYTHONHASHSEED"] = str(seed)
    random.seed(seed)
    _given.clear()
    _given["random"] = seed
    for name in ("numpy", "torch"):
        module: Any = sys.modules.get(name)
        if module is not None:
            module.manual_seed(seed) if name == "torch" else module.random.seed(seed)
            _given[name] = seed
    return seed


def known_seeds() -> dict[str, JSON]:
    """The seeds that can be told: `random`, `numpy`, `torch`, `lightning`, `hash`.

    torch tells its own. Python and numpy do not keep theirs, so they are here only if
    `seed_everything` has set them; Lightning's stands in the environment.
    """
    found: dict[str, JSON] = dict(_given)
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        found["torch"] = int(torch.initial_seed())
    for name, variable in {"lightning": "PL_GLOBAL_SEED", "hash": "PYTHONHASHSEED"}.items():
        value = os.environ.get(variable, "")
        if value.isdecimal():
            found[name] = int(value)
    return found
