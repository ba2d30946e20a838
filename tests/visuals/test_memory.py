"""Memory that is lent comes back when nobody looks at it any more, and not before."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from PIL import Image

from triptych.visuals import memory
from triptych.visuals.arrays import own_array

SIZE = 224 * 224 * 3


@pytest.fixture(autouse=True)
def _nothing_waits() -> None:
    gc.collect()
    memory._waiting.clear()


def _bytes(count: int) -> np.ndarray:
    return np.empty(count, np.uint8)


def test_a_copy_takes_the_memory_of_one_that_is_gone() -> None:
    """The same pages, whatever is in them."""
    lent = memory.lend(_bytes(SIZE))
    first = lent.ctypes.data
    del lent
    again = memory.lend(_bytes(SIZE - 1000))
    assert again.ctypes.data == first
    assert again.size == SIZE - 1000


def test_a_view_of_any_kind_keeps_it() -> None:
    """A slice, another dtype, a PIL image: none of them is written over."""
    pixels = np.full((224, 224), 7, np.uint8)
    picture = Image.fromarray(own_array(np.repeat(pixels[..., None], 4, axis=2)))
    part = own_array(pixels.astype(np.float32))[:2]
    others = [own_array(np.zeros((224, 224, 4), np.uint8)) for _ in range(3)]
    assert (part == 7).all()
    assert (np.asarray(picture) == 7).all()
    assert not any(np.shares_memory(part, other) for other in others)


def test_what_waits_is_bounded() -> None:
    """A crowd of pictures gives its memory back to the system."""
    crowd = [memory.lend(_bytes(2**20)) for _ in range(100)]
    del crowd
    assert sum(map(len, memory._waiting[2**20])) <= memory._MOST + 2**20


def test_nothing_is_remembered_of_a_loan_that_is_over() -> None:
    """Small ones are not lent at all."""
    before = len(memory._loans)
    small, large = memory.lend(_bytes(100)), memory.lend(_bytes(SIZE))
    assert len(memory._loans) == before + 1
    del small, large
    assert len(memory._loans) == before
