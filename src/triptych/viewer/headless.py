"""Rerun's own viewer without a window: opens a recording and takes pictures of what it shows.

It draws through Vulkan; Mesa's software driver is enough, so neither a display nor a GPU is needed.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

from triptych.viewer.looking import Viewer
from triptych.viewer.program import connected, free_port, program

_PANICS = ("render context", "graphics adapter")


class NoVulkan(RuntimeError):  # noqa: N818  # it says what is missing
    """The viewer found nothing to draw with; the message says what to install."""


@contextmanager
def open_viewer(size: tuple[int, int] = (1600, 1000), patience: float = 60.0) -> Iterator[Viewer]:
    """Start a viewer of our own, which ends with the `with` block.

    Args:
        size: Width and height of its window, in pixels.
        patience: Seconds that each of starting, loading and settling may take.

    Raises:
        NoVulkan: If this machine has nothing to draw with.
        RuntimeError: If the viewer ends by itself for another reason.
        TimeoutError: If it does not answer in time.
    """
    port = free_port()
    address = ["--bind", "127.0.0.1", "--port", str(port)]
    look = ["--headless", "--hide-welcome-screen", "--window-size", "{}x{}".format(*size)]
    with TemporaryDirectory() as home:
        log = Path(home, "viewer.log")
        # CI keeps the viewer from counting this as a user's visit, HOME from remembering it.
        env = os.environ | {"CI": "1", "HOME": home}
        with log.open("wb") as out:
            command = [str(program()), *address, *look]
            process = subprocess.Popen(command, env=env, stdout=out, stderr=out)  # noqa: S603
        try:
            yield Viewer(
                connected(process, f"rerun+http://127.0.0.1:{port}/proxy", patience), patience
            )
        except ConnectionError:
            # Without a driver the viewer may answer once or twice before its first frame kills it.
            if _is_gone(process):
                _explain(log.read_text(errors="replace"))
            raise
        finally:
            process.kill()
            process.wait()


def _is_gone(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        return False
    return True


def _explain(log: str) -> NoReturn:
    if any(panic in log for panic in _PANICS):
        raise NoVulkan(
            "The Rerun viewer found no Vulkan driver to draw with: install one, such as Debian's "
            "mesa-vulkan-drivers, which needs no GPU."
        )
    raise RuntimeError(f"The Rerun viewer ended by itself, and said last:\n{log[-2000:]}")
