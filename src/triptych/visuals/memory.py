"""Memory for copies, used again: pages fresh from the system cost ten times what the copy does."""

from __future__ import annotations

from typing import Any
from weakref import ref

import numpy as np
import numpy.typing as npt

_PORTION = 2**16  # bytes; sizes are rounded up, so that pictures of nearly one size share
_MOST = 32 * 2**20  # bytes that wait for the next copy

_waiting: dict[int, list[bytearray]] = {}
_loans: dict[int, _Loan] = {}


class _Loan(ref[npt.NDArray[Any]]):
    """A look at an array that tells when it is gone; lighter than `weakref.finalize`."""

    __slots__ = ("memory",)
    memory: bytearray


def lend(like: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Lend memory for a copy of an array, on any thread.

    Returns:
        An array of that shape and dtype; its memory comes back when the last view of it is gone.
    """
    if like.nbytes < _PORTION:  # the allocator has such pieces at hand
        return np.empty(like.shape, like.dtype)
    room = -(-like.nbytes // _PORTION) * _PORTION
    try:
        memory = _waiting[room].pop()
    except LookupError:
        memory = bytearray(room)
    array: npt.NDArray[Any] = np.ndarray(like.shape, like.dtype, memory)
    # Views keep this array alive, since its own base is no array.
    loan = _Loan(array, _take_back)
    loan.memory = memory
    _loans[id(loan)] = loan
    return array


def _take_back(loan: ref[npt.NDArray[Any]]) -> None:
    """Keep it for the next; runs wherever the last view dies, in a collection too: no lock."""
    memory = _loans.pop(id(loan)).memory
    if sum(size * len(some) for size, some in list(_waiting.items())) > _MOST:
        _waiting.clear()  # the sizes have changed, or a crowd has passed
    _waiting.setdefault(len(memory), []).append(memory)
