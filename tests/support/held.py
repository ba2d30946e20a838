"""`Held`: how long the calls that log have held up the thread that made them."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from triptych import caller
from triptych.pipeline.intake import Intake
from triptych.pipeline.worker import on_worker

_CALLS = ("log", "put")  # numbers and visuals; events and lines of Python logging


class Held:
    """Times every call from the moment it begins to watch; those of workers do not count.

    Attributes:
        longest: Seconds; 0.0 if there was none.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self._before: dict[str, Any] = {}

    def watch(self) -> None:
        """Begin."""
        self._before = {name: getattr(Intake, name) for name in _CALLS}
        for name, call in self._before.items():
            setattr(Intake, name, self._timed(call))

    def leave(self) -> None:
        """Stop watching."""
        for name, call in self._before.items():
            setattr(Intake, name, call)

    def _timed(self, call: Callable[..., None]) -> Callable[..., None]:
        def timed(*given: Any, **options: Any) -> None:
            began = time.perf_counter()
            try:
                call(*given, **options)
            finally:
                if not on_worker():
                    self.longest = max(self.longest, time.perf_counter() - began)

        # a warning goes to the innermost line that is not ours: not to this one
        timed.__code__ = timed.__code__.replace(co_filename=caller.__file__)
        return wraps(call)(timed)
