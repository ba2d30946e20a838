"""Ways from a recording stream to viewers, none of which waits for one."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urlsplit

HOST = "127.0.0.1"  # Rerun has no authentication, and its own default is every interface (0.41)


def connect_viewers(recording: Any, live: bool | str) -> str:
    """Connect a recording stream to viewers and give the address that they connect to.

    Args:
        recording: A `rerun.RecordingStream` without an output.
        live: True to serve on this machine, "spawn" to open a viewer, or the address of one.

    Raises:
        OSError: If nobody listens at that address.
    """
    import rerun as rr

    if live is True:
        port = _free_port()
        recording.set_sinks(rr.GrpcServerSink(HOST, port, server_memory_limit="1GiB"))
        return f"rerun+http://{HOST}:{port}/proxy"
    if live == "spawn":
        port = _free_port()
        rr.spawn(port=port, connect=False, memory_limit="2GiB", hide_welcome_screen=True)
        recording.connect_grpc(f"rerun+http://{HOST}:{port}/proxy")
        return f"rerun+http://{HOST}:{port}/proxy"
    address = str(live)
    parts = urlsplit(address)
    # connect_grpc would hold us for 5 s, and then be dead for ever (0.41): look first.
    socket.create_connection((parts.hostname or HOST, parts.port or 9876), timeout=2.0).close()
    recording.connect_grpc(address)
    return address


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
