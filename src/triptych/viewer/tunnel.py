"""The way from another machine to what is served on this one alone."""

from __future__ import annotations

import getpass
import os
from collections.abc import Sequence

_HOST = "127.0.0.1"

_SSH_PORT = "22"


def tunnel(ports: Sequence[int | None]) -> str:
    """The ssh command that leads to ports of this machine; "" where this is no session over ssh."""
    fields = os.environ.get("SSH_CONNECTION", "").split()
    if len(fields) != 4:  # noqa: PLR2004  # client and its port, server and its port
        return ""
    _, _, server, port = fields
    forwards = [f"-L {one}:{_HOST}:{one}" for one in ports]
    way = [] if port == _SSH_PORT else [f"-p {port}"]
    return " ".join(["ssh -N", *way, *forwards, f"{getpass.getuser()}@{server}"])
