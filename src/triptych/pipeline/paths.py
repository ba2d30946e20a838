"""Paths: slash-separated names such as "train/loss"."""

from __future__ import annotations

from functools import lru_cache

from triptych.pipeline.own import Unloggable
from triptych.printable import encodable

_FOR_CHARTS = (
    *("train/grad_norm", "train/weight_norm", "train/lr", "grad_norm/", "weight_norm/"),
    *("time/", "throughput/", "system/", "memory/", "power/", "temperature/"),
    "triptych/",
)
"""How the paths of monitors begin, and our own."""

_LONGEST, _LONGEST_PART = 1000, 200  # bytes; W&B adds step, hash and ending to the name of a file


@lru_cache(maxsize=2**14)  # asked again for every tensor on a device, and every picture
def normal_path(path: object) -> str:
    """The path without empty parts: "/a//b/" becomes "a/b".

    What no name of a file can hold, a lone surrogate or NUL, becomes its escape in ASCII.

    Raises:
        Unloggable: If it is not text, is empty or far too long, or begins a part with "__", which
            Rerun reserves.
    """
    if type(path) is not str and not isinstance(path, str):
        raise Unloggable(f'A path is text such as "train/loss", not {path!r}.')
    parts = [part for part in path.split("/") if part.strip()]
    if not parts:
        raise Unloggable(f'The path {path!r} is empty; name the value, such as "train/loss".')
    if any(part.startswith("__") for part in parts):
        raise Unloggable(
            f'No part of a path may begin with "__", as in {path!r}: Rerun keeps those.'
        )
    whole = encodable("/".join(parts).replace("\0", r"\x00"))
    sizes = [len(part.encode()) for part in whole.split("/")]
    if sum(sizes) + len(sizes) > _LONGEST or max(sizes) > _LONGEST_PART:
        raise Unloggable(
            f"The path {path[:50]!r}… is too long for the files of W&B: make each part at most "
            f"{_LONGEST_PART} bytes, and the whole {_LONGEST}."
        )
    if whole == "\\":
        raise Unloggable("A lone backslash is no path: W&B's own process dies of it (0.31).")
    return whole


def is_for_charts(path: str) -> bool:
    """Whether a number, as monitors log it, is of little use to somebody who reads lines."""
    return path.startswith(_FOR_CHARTS)
