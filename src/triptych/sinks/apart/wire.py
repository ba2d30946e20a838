"""`Wire`: objects between two processes, over two pipes."""

from __future__ import annotations

import copyreg
import io
import os
import pickle
import struct
import sys
from collections.abc import Sequence
from typing import Any

from triptych.visuals.arrays import host_array

_MOST_PIECES = 512  # in one call; the least that POSIX systems in use take is 1024
_NUMBER = struct.Struct("<Q")


class Unsendable(TypeError):  # noqa: N818  # it says what the value is
    """A value that cannot be pickled, or that the other process cannot read."""


class Wire:
    """Sends and receives, each a whole object. One thread at a time.

    Arrays go as they are, by pickle's protocol 5: no copy is made of them on this side. Files are
    named by their descriptors: an interpreter that ends must not wait for a reader that is blocked.

    Args:
        incoming: A descriptor to read from.
        outgoing: One to write to.
    """

    def __init__(self, incoming: int, outgoing: int) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._same = _identity(incoming), _identity(outgoing)

    def send(self, message: object) -> None:
        """Send an object.

        Raises:
            Unsendable: If it cannot be pickled; nothing was sent.
            OSError: If nobody reads, or somebody has closed the descriptors.
        """
        arrays: list[pickle.PickleBuffer] = []
        pickled = io.BytesIO()
        pickler = pickle.Pickler(pickled, 5, buffer_callback=arrays.append)
        pickler.dispatch_table = _reducers()
        try:
            pickler.dump(message)
        except Exception as problem:
            raise Unsendable(f"cannot be pickled ({problem})") from problem
        pieces = [pickled.getbuffer(), *(array.raw() for array in arrays)]
        sizes = struct.pack(f"<{1 + len(pieces)}Q", len(pieces), *(len(one) for one in pieces))
        self._check()
        _write(self._outgoing, [memoryview(sizes), *pieces])

    def receive(self) -> Any:
        """Wait for an object.

        Raises:
            Unsendable: If what came cannot be read here; the next object can.
            EOFError: If the other side has ended.
            OSError: If somebody has closed the descriptors.
        """
        self._check()
        (count,) = _NUMBER.unpack(_read(self._incoming, 8))
        sizes = struct.unpack(f"<{count}Q", _read(self._incoming, 8 * count))
        pickled, *arrays = (_read(self._incoming, size) for size in sizes)
        try:
            return pickle.loads(pickled, buffers=arrays)  # noqa: S301  # from our own process
        except Exception as problem:
            raise Unsendable(f"cannot be read by another process ({problem})") from problem

    def _check(self) -> None:
        """A program that closes all descriptors, and opens files, must not find pickles there."""
        if (_identity(self._incoming), _identity(self._outgoing)) != self._same:
            raise OSError("the pipes to the sink's process were closed by this program")


def _identity(descriptor: int) -> tuple[int, int]:
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino


def _write(descriptor: int, pieces: list[memoryview]) -> None:
    while pieces:
        if hasattr(os, "writev"):
            written = os.writev(descriptor, pieces[:_MOST_PIECES])
        else:
            written = os.write(descriptor, pieces[0])
        while pieces and written >= len(pieces[0]):
            written -= len(pieces.pop(0))
        if written:
            pieces[0] = pieces[0][written:]


def _read(descriptor: int, size: int) -> bytearray:
    whole = bytearray(size)
    rest = memoryview(whole)
    while rest:
        got = _read_into(descriptor, rest)
        if not got:
            raise EOFError("the other process has ended")
        rest = rest[got:]
    return whole


def _read_into(descriptor: int, rest: memoryview) -> int:
    if hasattr(os, "readv"):
        return os.readv(descriptor, [rest])
    some = os.read(descriptor, len(rest))
    rest[: len(some)] = some
    return len(some)


def _reducers() -> dict[type, Any]:
    """How tensors are pickled: as arrays of the host, so that the other side needs no torch."""
    torch = sys.modules.get("torch")
    tensor = getattr(torch, "Tensor", None)
    if tensor is None:
        return copyreg.dispatch_table
    return {**copyreg.dispatch_table, tensor: _reduce_tensor}


def _reduce_tensor(tensor: Any) -> tuple[Any, Sequence[Any]]:
    return _as_it_is, (host_array(tensor),)


def _as_it_is(array: Any) -> Any:
    return array
