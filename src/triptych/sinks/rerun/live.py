"""Ways from recording streams to viewers, none of which waits for one."""

from __future__ import annotations

import ipaddress
import logging
import socket
import subprocess
import threading
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

from triptych.commands import command
from triptych.viewer.tunnel import tunnel

log = logging.getLogger("triptych")

HOST = "127.0.0.1"  # Rerun has no authentication, and its own default is every interface (0.41)

_NUMBERS = "512MiB"
_PICTURES = "1GiB"
"""What is kept for viewers that come late; then the oldest goes, in each lane for itself."""

_DEFAULT_PORT = 9876  # of Rerun
_OPENING = 5.0  # seconds


def host_to_serve_at(live: bool | str) -> str:  # as `triptych.run` takes it
    """The IPv4 address to listen on, if `live` asks to serve; else ""."""
    if live in (True, "spawn"):
        return HOST
    try:
        return str(ipaddress.IPv4Address(live if isinstance(live, str) else ""))
    except ValueError:
        return ""


def serve(numbers: Any, pictures: Any, host: str = HOST) -> list[str]:
    """Serve two streams of one recording to any number of viewers, which come and go.

    Each has a port of its own: what is kept for viewers that come late is bounded, and in one lane
    pictures would soon push out the curves.

    Args:
        numbers: A `rerun.RecordingStream` without an output: numbers, words, and the dashboard.
        pictures: Another one with the same ids: everything large.
        host: The IPv4 address to listen on.

    Returns:
        The addresses that a viewer connects to; it shows the two as one recording.

    Raises:
        RuntimeError: If a port cannot be had.
    """
    import rerun as rr

    shown = socket.gethostname() if ipaddress.ip_address(host).is_unspecified else host
    addresses = []
    lanes = ((numbers, _NUMBERS), (pictures, _PICTURES))
    for (stream, memory), port in zip(lanes, _free_ports(host, len(lanes)), strict=True):
        stream.set_sinks(rr.GrpcServerSink(host, port, server_memory_limit=memory))
        stream.flush(timeout_sec=_OPENING)  # raises if somebody else has just taken the port
        addresses.append(f"rerun+http://{shown}:{port}/proxy")
    return addresses


def tell_how_to_watch(addresses: list[str], host: str) -> str:
    """Say how to connect, from elsewhere too if this is a session over ssh; return the command."""
    watch = f"{command('rerun')} {' '.join(addresses)}"
    log.info("Watch this run live with: %s", watch)
    if not ipaddress.ip_address(host).is_loopback:
        log.warning(
            "Whoever reaches %s can watch this run: Rerun asks nobody for a password. live=True "
            "serves on this machine alone, and an ssh tunnel leads there from elsewhere.",
            host,
        )
    elif way := tunnel([urlsplit(address).port for address in addresses]):
        log.info("On the machine that you sit at, run this first, and leave it open: %s", way)
    return watch


def open_viewer(addresses: list[str]) -> None:
    """Start a viewer, detached from this process, that connects to these addresses.

    Raises:
        FileNotFoundError: If the `rerun` program is not there.
    """
    port = _free_ports(HOST, 1)[0]
    arguments = [command("rerun"), *addresses, "--bind", HOST, "--port", str(port)]
    # The viewer goes on when training is over; Ctrl-C in the terminal is not meant for it.
    viewer = subprocess.Popen(  # noqa: S603  # a program of Rerun's own
        [*arguments, "--hide-welcome-screen", "--expect-data-soon"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    threading.Thread(target=viewer.wait, daemon=True).start()  # closed before us, it is no zombie


def look_for_viewer(address: str) -> None:
    """See whether anybody listens at an address such as "rerun+http://127.0.0.1:9876/proxy".

    Rerun's `connect_grpc` would hold us for 5 s, and then be dead for ever (0.41).

    Raises:
        OSError: If nobody does.
    """
    parts = urlsplit(address)
    place = (parts.hostname or HOST, parts.port or _DEFAULT_PORT)
    socket.create_connection(place, timeout=1.0).close()


def connect(stream: Any, address: str) -> None:
    """Send a stream to the viewer at an address; see `look_for_viewer`.

    Raises:
        RuntimeError: If somebody listens there who does not answer like a viewer.
    """
    stream.connect_grpc(address)
    stream.flush(timeout_sec=_OPENING)


def _free_ports(host: str, count: int) -> list[int]:
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((host, 0))
        return [int(probe.getsockname()[1]) for probe in probes]
