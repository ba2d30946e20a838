"""Histograms count what is finite, in bins that can be drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from triptych.visuals import Histogram, Visual


@pytest.mark.parametrize(
    "values",
    [
        [0, 1, 2, 3, 4],
        [[0.0, 1.0], [2.0, 3.0], [4.0, 4.0]],
        np.arange(5, dtype=np.float16),
        torch.arange(5, dtype=torch.bfloat16).reshape(1, 5, 1).requires_grad_(),
    ],
    ids=["list", "nested", "numpy", "torch"],
)
def test_values_of_any_shape_are_counted(values: Any) -> None:
    """Lists, arrays and live tensors, of any dtype and shape."""
    counts, edges = Histogram(values, bins=2).counts()
    assert (counts[0], edges.tolist()) == (2, [0, 2, 4])
    assert counts.sum() == (6 if isinstance(values, list) and len(values) == 3 else 5)


def test_the_range_leaves_out_what_lies_beyond() -> None:
    """Bins lie where the caller wants them."""
    counts, edges = Histogram([-5, 0.5, 1.5, 9], bins=2, range=(0, 2)).counts()
    assert (counts.tolist(), edges.tolist()) == ([1, 1], [0, 1, 2])


def test_nonfinite_values_are_left_out_and_counted() -> None:
    """NaN and infinities do not spoil the bins, and do not vanish."""
    histogram = Histogram([0.0, 1.0, np.nan, np.inf, -np.inf], bins=1)
    assert histogram.nonfinite == 3
    counts, edges = histogram.counts()
    assert (counts.tolist(), edges.tolist()) == ([2], [0, 1])


def test_nothing_finite_counts_nothing() -> None:
    """Gradients that are all NaN give an empty histogram, not an error on the worker."""
    counts, edges = Histogram(torch.full((7,), float("nan")), bins=2).counts()
    assert (counts.tolist(), edges.tolist()) == ([0, 0], [0, 0.5, 1])


@pytest.mark.parametrize("value", [0.0, 1.0, -3.5, 1e20, 1e-40])
def test_equal_values_have_a_bin(value: float) -> None:
    """A layer which was just initialised with a constant can be drawn."""
    counts, edges = Histogram([value, np.nextafter(value, np.inf)]).counts()
    assert counts.sum() == 2
    assert (np.diff(edges) > 0).all()


@given(
    hnp.arrays(st.sampled_from([np.float32, np.int64, np.bool_]), hnp.array_shapes(max_dims=3)),
    st.integers(1, 512),
)
def test_every_finite_value_is_counted_once(values: np.ndarray, bins: int) -> None:
    """Counts and the values left out add up, whatever the values."""
    histogram = Histogram(values, bins)
    counts, edges = histogram.counts()
    assert (len(counts), len(edges)) == (bins, bins + 1)
    assert counts.sum() + histogram.nonfinite == values.size
    assert (np.diff(edges) > 0).all()


def test_percentiles_tell_how_the_values_lie() -> None:
    """Of the finite values; of counts as far as bins can tell; none where there are none."""
    values = np.r_[np.arange(101.0), np.nan]
    assert Histogram(values).percentiles() == {5: 5, 25: 25, 50: 50, 75: 75, 95: 95}
    counted = Histogram.from_counts([10, 0, 10], [0, 1, 2, 3]).percentiles()
    assert counted == pytest.approx({5: 0.1, 25: 0.5, 50: counted[50], 75: 2.5, 95: 2.9})
    assert 1 <= counted[50] <= 2
    assert Histogram([np.nan]).percentiles() == {}
    assert Histogram.from_counts([0], [0, 1]).percentiles() == {}


@pytest.mark.parametrize("values", [np.zeros(3), torch.zeros(3)])
def test_own_is_a_copy(values: Any) -> None:
    """An optimizer step after the call does not change the histogram."""
    histogram = Histogram(values, bins=1, range=(0, 1))
    owned = histogram.own()
    values[:] = 5
    assert isinstance(owned, Visual)
    assert owned.counts()[0].tolist() == [3]
    assert histogram.counts()[0].tolist() == [0]


def test_nothing_is_counted_before_the_worker_asks() -> None:
    """The constructor does not wait for a device: a meta tensor has no values to wait for."""
    assert Histogram(torch.empty(3, 5, device="meta")).nbytes == 60


def test_counts_can_be_given() -> None:
    """Counts of the caller come back as they are, uncounted by us and copied."""
    given_counts = np.array([3, 0, 1])
    histogram = Histogram.from_counts(given_counts, [0, 1, 2, 4])
    given_counts[:] = 9
    counts, edges = histogram.own().counts()
    assert (counts.tolist(), edges.tolist()) == ([3, 0, 1], [0, 1, 2, 4])
    assert (histogram.bins, histogram.range, histogram.nonfinite) == (3, (0, 4), 0)
    assert histogram.nbytes == 3 * 8 + 4 * 8


@pytest.mark.parametrize(
    ("counts", "edges", "message"),
    [
        ([1, 2], [0, 1], "pass one more edge than counts"),
        ([], [0], "1 to 512 counts, not 0"),
        ([-1], [0, 1], "not negative"),
        ([1, 1], [0, 2, 1], "rise from bin to bin"),
        ([1], [0, np.inf], "must be finite"),
    ],
)
def test_counts_that_do_not_fit_are_told(counts: Any, edges: Any, message: str) -> None:
    """A histogram that cannot be drawn raises at once."""
    with pytest.raises(ValueError, match=message):
        Histogram.from_counts(counts, edges)


@pytest.mark.parametrize(
    ("values", "arguments", "error", "message"),
    [
        ([], {}, ValueError, "values are empty"),
        (torch.zeros(0), {}, ValueError, "values are empty"),
        (["a"], {}, TypeError, "values must be numbers, not list"),
        (torch.zeros(2, dtype=torch.complex64), {}, TypeError, r"pass values.abs\(\)"),
        ([1], {"bins": 0}, ValueError, "bins must be 1 to 512, not 0"),
        ([1], {"bins": 513}, ValueError, "not 513"),
        ([1], {"bins": 2.5}, TypeError, "bins must be an integer, not 2.5"),
        ([1], {"range": (1, 1)}, ValueError, "range must be two finite"),
        ([1], {"range": 5}, ValueError, "range must be two finite"),
        ([1], {"range": (0, np.nan)}, ValueError, "range must be two finite"),
    ],
)
def test_arguments_that_do_not_fit_are_told(
    values: Any, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    """Wrong arguments raise at once, where they were written."""
    with pytest.raises(error, match=message):
        Histogram(values, **arguments)


def test_the_largest_numbers_there_are_can_be_counted() -> None:
    """Though the distance between them is infinite."""
    counts, edges = Histogram([-np.finfo(float).max, 0.0, np.finfo(float).max], bins=3).counts()
    assert counts.tolist() == [1, 1, 1]
    assert np.isfinite(edges).all()
