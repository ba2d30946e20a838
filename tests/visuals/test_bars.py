"""Bars are numbers, with or without names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from triptych.visuals import Bars, Visual


def test_names_may_come_with_the_numbers() -> None:
    """As a mapping, or beside them."""
    for bars in (Bars({"cat": 0.5, "dog": 2}), Bars([0.5, 2], ["cat", "dog"])):
        assert (bars.labels, bars.heights().tolist()) == (("cat", "dog"), [0.5, 2])
    assert Bars(torch.tensor([1.5, 2], dtype=torch.bfloat16)).heights().tolist() == [1.5, 2]


def test_own_is_a_copy() -> None:
    """What training writes into its buffers later is not in the bars."""
    values = torch.ones(3)
    owned = Bars(values).own()
    values[:] = 5
    assert isinstance(owned, Visual)
    assert (owned.heights().tolist(), owned.nbytes) == ([1, 1, 1], 12)
    assert Bars(torch.empty(3, device="meta")).nbytes == 12


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: Bars([]), ValueError, r"values of shape \(0,\) cannot be drawn"),
        (lambda: Bars(np.zeros(1001)), ValueError, "with triptych.Histogram"),
        (lambda: Bars([[1]]), ValueError, r"shape \(1, 1\)"),
        (lambda: Bars(["a"]), TypeError, "values must be numbers"),
        (lambda: Bars([1, 2], ["a"]), ValueError, "1 labels for 2"),
        (lambda: Bars([1], [2]), TypeError, "labels must be strings"),
        (lambda: Bars({"a": 1}, ["a"]), ValueError, "in the mapping already"),
        (lambda: Bars([1], title=None), TypeError, "title must be a string, not None"),
    ],
)
def test_arguments_that_do_not_fit_are_told(
    build: Any, error: type[Exception], message: str
) -> None:
    """At once, where they were written."""
    with pytest.raises(error, match=message):
        build()
