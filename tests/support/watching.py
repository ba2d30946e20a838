"""A viewer that writes down what it is served, for tests of those who serve."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support import rrd
from triptych.viewer.program import free_port


@contextmanager
def watching(out: Path, addresses: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A viewer without a window, which writes down what it is served."""
    port = ["--bind", "127.0.0.1", "--port", str(free_port())]
    command = [str(rrd.executable()), "--save", str(out), *addresses, *port]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()  # what it has written was waited for


def steps_seen(out: Path, entity: str = "/train/loss") -> list[int]:
    """What the viewer has got so far; nothing while it writes, or has not begun."""
    if not out.exists():
        return []
    try:
        return [row.time("step") or 0 for row in rrd.rows(out, entity)]
    except RuntimeError:  # in the middle of a write
        return []
