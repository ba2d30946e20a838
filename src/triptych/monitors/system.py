"""`System`: what the process and the machine use, sampled on a thread of its own."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from triptych.monitors.gpus import Gpus

if TYPE_CHECKING:
    from triptych.training.run import Run

log = logging.getLogger("triptych")

GIB = 2**30

_FIRST = 1.0  # seconds until the first sample: a short training has one too


class System:
    """Logs every so many seconds, at whatever step the training is.

    "system/cpu" and "system/memory" are percent of the machine, "system/process" percent of one
    core, "system/gpu-<i>" percent of the time in which a kernel ran; "memory/process" and
    "memory/gpu-<i>" are GiB, "power/gpu-<i>" watts, "temperature/gpu-<i>" degrees Celsius. The GPUs
    are those that torch uses in this process, by its numbers.

    A daemon thread: it holds up no exit, does not exist in forked children, and ends with the run.

    Args:
        run: Where the numbers go.
        every: Seconds between two samples.
    """

    def __init__(self, run: Run, every: float) -> None:
        import psutil

        self._run = run
        self._every = every
        self._machine = psutil
        self._process = psutil.Process()
        self._gpus = Gpus()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._work, name="triptych-system", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more samples; one that is being taken is waited for, but not for long."""
        self._ends.set()
        self._thread.join(1.0)

    def _work(self) -> None:
        try:
            self._sample()  # percentages are about the time since the last question
            pause = min(_FIRST, self._every)
            while not self._ends.wait(pause) and self._run.active:
                self._run.log(self._sample())
                pause = self._every
            self._gpus.close()
        except Exception:
            log.exception("The system monitor has ended; training goes on.")

    def _sample(self) -> dict[str, float]:
        machine, process = self._machine, self._process
        return {
            "system/cpu": machine.cpu_percent(),
            "system/process": process.cpu_percent(),
            "system/memory": machine.virtual_memory().percent,
            "memory/process": process.memory_info().rss / GIB,
            **self._gpus.sample(),
        }
