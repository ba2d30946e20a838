"""Threads whose failures are those of the test, and what happens on others."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


def run_all(*functions: Callable[[], object], timeout: float = 60) -> list[object]:
    """Run functions at the same time, each on a thread of its own.

    Returns:
        What they returned, in their order; what one raises is raised.
    """
    with ThreadPoolExecutor(len(functions)) as pool:
        futures = [pool.submit(function) for function in functions]
        return [future.result(timeout) for future in futures]


def wait_until(condition: Callable[[], object], timeout: float = 10) -> None:
    """Wait until something holds that another thread brings about.

    Raises:
        TimeoutError: It does not come to hold in time.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{condition} does not hold after {timeout} s")
        time.sleep(0.001)
