"""The viewer's program: where it lies, and a connection to one that starts."""

from __future__ import annotations

import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rerun.experimental import ViewerClient


def program() -> Path:
    """The viewer in the installed package, whatever PATH says."""
    found = find_spec("rerun_cli")
    if found is None or found.origin is None:
        raise FileNotFoundError("The Rerun viewer is missing: install rerun-sdk from a wheel.")
    return Path(found.origin).with_name("rerun")


def connected(process: subprocess.Popen[bytes], url: str, patience: float) -> ViewerClient:
    """Connect to a viewer that is starting.

    Raises:
        ConnectionError: If it has ended.
        TimeoutError: If it does not answer within `patience` seconds.
    """
    from rerun.experimental import ViewerClient

    deadline = time.monotonic() + patience
    while True:
        try:
            client = ViewerClient(url)
            client.get_state()
        except ConnectionError:
            if process.poll() is not None:
                raise
            if time.monotonic() > deadline:
                raise TimeoutError(f"The viewer did not start within {patience:.0f} s.") from None
            time.sleep(0.1)
        else:
            return client


def free_port() -> int:
    """A port on which nobody listens, on 127.0.0.1."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
