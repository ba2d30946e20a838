"""Stands around the calls of a Trainer, which tells no callback that they begin or fail.

No event carries the Trainer, and none is sent when training raises or an evaluation begins
(transformers 5.23). So the Trainer is looked for on the stack while it calls, and its bound methods
are wrapped, on this one object.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import FrameType
from typing import Any

CALLS = ("train", "evaluate", "predict", "hyperparameter_search")

_MARK = "_triptych_guards"


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a Trainer.

    Attributes:
        name: One of `CALLS`.
        prefix: With which the names of its metrics begin, "eval" for example; "" in training.
    """

    name: str
    prefix: str


Around = Callable[[Call], AbstractContextManager[None]]
"""Makes what is entered before a call and left after it."""


def find_trainer(callback: Any) -> Any:
    """The Trainer that is calling `callback` right now, or None.

    Recognised by the callback being among its own, so that nothing is imported.
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  # no event carries the Trainer
    while frame is not None:
        caller = frame.f_locals.get("self")
        handler = getattr(caller, "callback_handler", None)
        if any(one is callback for one in getattr(handler, "callbacks", ())):
            return caller
        frame = frame.f_back
    return None


def guard(trainer: Any, callback: Any, around: Around) -> None:
    """Wrap the calls of a Trainer, once for each callback."""
    guards = trainer.__dict__.setdefault(_MARK, [])
    if any(one is callback for one in guards):
        return
    guards.append(callback)
    for name in CALLS:
        setattr(trainer, name, _wrapped(getattr(trainer, name), name, around))


def _wrapped(method: Callable[..., Any], name: str, around: Around) -> Callable[..., Any]:
    signature = inspect.signature(method)

    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:
            return method(*args, **kwargs)  # it raises the same, from where it belongs
        bound.apply_defaults()
        with around(Call(name, bound.arguments.get("metric_key_prefix", ""))):
            return method(*args, **kwargs)

    return call
