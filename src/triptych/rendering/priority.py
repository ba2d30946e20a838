"""`ordinary`: native code that would take real-time priority for itself does not get it."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# capget(2) and capset(2), third version: two words for each set, the first has the lower 32.
_VERSION = 0x20080522
_SYS_NICE = 1 << 23


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("thread", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


@contextmanager
def ordinary() -> Iterator[None]:
    """Within the block neither this thread nor one that it starts can take real-time priority.

    SVT-AV1 does so where it may, which is where root trains: it gives the calling thread and each
    of its own the priority 99 of SCHED_FIFO. They keep a training from every core that they use,
    and the calling thread hands the priority on to every process that it starts later. On Linux a
    capability belongs to a thread: without CAP_SYS_NICE the encoder runs as it does for others.
    """
    if not sys.platform.startswith("linux"):
        yield
        return
    system = ctypes.CDLL(None)
    header, sets = _Header(_VERSION, 0), (_Sets * 2)()
    known = system.capget(ctypes.byref(header), sets) == 0
    had = sets[0].effective
    sets[0].effective = had & ~_SYS_NICE
    if not (known and had & _SYS_NICE and system.capset(ctypes.byref(header), sets) == 0):
        yield
        return
    try:
        yield
    finally:
        sets[0].effective = had
        system.capset(ctypes.byref(header), sets)
