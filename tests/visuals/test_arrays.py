"""Copies of arrays that are ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from triptych.visuals.arrays import own_anywhere, own_array

_DTYPES = ["bool", "uint8", "uint16", "int64", "float16", "float32", ">f4", "longdouble"]


@pytest.mark.parametrize("dtype", _DTYPES)
@pytest.mark.parametrize("shape", [(), (0, 3), (1,), (5, 4, 3), (2000, 1200)], ids=str)
def test_copy_is_equal_and_of_its_own_memory(dtype: str, shape: tuple[int, ...]) -> None:
    """Small and large, of every dtype that can be drawn."""
    given = (np.arange(np.prod(shape)) % 200).reshape(shape).astype(dtype)
    kept = own_array(given)
    before = given.copy()
    given[...] = 7
    assert kept.dtype == before.dtype
    assert kept.shape == shape
    assert np.array_equal(kept, before)
    assert not np.shares_memory(kept, given)


@pytest.mark.parametrize("view", [np.s_[::2], np.s_[:, ::-1], np.s_[..., 0]], ids=str)
def test_copy_of_a_view_has_its_order(view: Any) -> None:
    """Of a part, mirrored, a channel."""
    given = np.arange(60).reshape(5, 4, 3)
    assert np.array_equal(own_array(given[view]), given[view])
    assert np.array_equal(own_array(np.asfortranarray(given)), given)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.bfloat16], ids=str)
def test_copy_of_a_tensor_is_an_array(dtype: torch.dtype) -> None:
    """With or without a gradient, on the host already."""
    given = torch.arange(6, dtype=torch.float32).reshape(2, 3).to(dtype)
    if dtype.is_floating_point:
        given.requires_grad_()
    for own in (own_array, own_anywhere):
        kept = own(given)
        assert isinstance(kept, np.ndarray)
        assert kept.tolist() == [[0, 1, 2], [3, 4, 5]]
        assert not np.shares_memory(kept, given.detach().float().numpy())
