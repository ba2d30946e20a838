"""Rerun's own viewer for a person: in a window, or served to a browser."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from triptych.viewer.looking import Viewer
from triptych.viewer.program import connected, free_port, program

_HOST = "127.0.0.1"  # Rerun asks nobody for a password
_PATIENCE = 600.0  # seconds that a large recording may take to load


def open_window(recording: Path, step: int | None = None) -> int:
    """Show a recording in a window until it is closed.

    Args:
        recording: The .rrd file.
        step: Where to put the time cursor; None follows the end.

    Returns:
        The exit code of the viewer.

    Raises:
        OSError: If there is no display, or it does not start.
        LookupError: If the recording has no timeline `step`.
    """
    if sys.platform.startswith("linux") and not _has_display():
        raise OSError(
            "there is no display for a window: --web serves the viewer to a browser, --save FILE "
            "writes what it would show, and `triptych screenshot` takes a picture"
        )
    port = free_port()
    with _running(recording, "--port", str(port), "--hide-welcome-screen") as viewer:
        if step is not None:
            client = connected(viewer, f"rerun+http://{_HOST}:{port}/proxy", _PATIENCE)
            shown = Viewer(client, _PATIENCE)
            shown.wait()
            shown.go_to(step)
        return viewer.wait()


def serve_browser(recording: Path, tell: Callable[[str, list[int]], None]) -> int:
    """Serve the viewer with a recording to browsers on this machine, until it is interrupted.

    Args:
        recording: The .rrd file.
        tell: Is given the address to open, and the ports that it needs.

    Returns:
        The exit code of the viewer.
    """
    ports = [free_port(), free_port()]
    data, page = map(str, ports)
    options = ["--serve-web", "--port", data, "--web-viewer-port", page]
    # it keeps the recording for browsers that come late, and its own limit would cut off the start
    with _running(recording, *options, "--server-memory-limit", "75%") as server:
        source = quote(f"rerun+http://{_HOST}:{data}/proxy", safe="")
        tell(f"http://{_HOST}:{page}/?url={source}", ports)
        return server.wait()


@contextmanager
def _running(recording: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Rerun's program with a recording; it ends with the block, or by Ctrl-C."""
    call = [str(program()), str(recording), "--bind", _HOST, *options]
    environment = {"RUST_LOG": "error", **os.environ}
    process = subprocess.Popen(call, env=environment)  # noqa: S603  # Rerun's own program
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _has_display() -> bool:
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"))
