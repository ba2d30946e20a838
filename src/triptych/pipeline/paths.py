"""Paths: slash-separated names such as "train/loss"."""

from __future__ import annotations

from triptych.pipeline.own import Unloggable

_FOR_CHARTS = (
    *("train/grad_norm", "train/weight_norm", "train/lr", "grad_norm/", "weight_norm/"),
    *("time/", "throughput/", "system/", "memory/", "power/", "temperature/"),
    "triptych/",
)
"""How the paths of monitors begin, and our own."""


def normal_path(path: object) -> str:
    """The path without empty parts: "/a//b/" becomes "a/b".

    Raises:
        Unloggable: If it is not text, is empty, or begins a part with "__", which Rerun reserves.
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
    return "/".join(parts)


def is_for_charts(path: str) -> bool:
    """Whether a number, as monitors log it, is of little use to somebody who reads lines."""
    return path.startswith(_FOR_CHARTS)
