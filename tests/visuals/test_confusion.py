"""A confusion matrix counts what was taken for what."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix

from triptych.visuals import ConfusionMatrix, Visual


@pytest.mark.parametrize("make", [np.array, torch.tensor, list])
def test_counts_are_those_of_scikit_learn(make: Any) -> None:
    """A row for each target, a column for each prediction."""
    rng = np.random.default_rng(0)
    targets, said = rng.integers(0, 5, (2, 300)).tolist()
    counts = ConfusionMatrix(make(targets), make(said)).counts()
    np.testing.assert_array_equal(counts, confusion_matrix(targets, said))


def test_the_highest_score_counts() -> None:
    """Scores (N, K) of any float dtype."""
    scores = torch.tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]], dtype=torch.bfloat16)
    counts = ConfusionMatrix([0, 0, 1], scores.requires_grad_()).counts()
    assert counts.tolist() == [[1, 1], [0, 1]]


def test_masks_are_counted_by_pixel_and_ignored_pixels_left_out() -> None:
    """PyTorch marks what is to be ignored with a number below 0."""
    target = np.array([[[0, 1], [-100, 1]]])
    said = np.array([[[0, 0], [1, 1]]], dtype=np.uint8)
    assert ConfusionMatrix(target, said).counts().tolist() == [[1, 0], [1, 1]]


def test_a_class_that_never_came_has_a_row() -> None:
    """If it has a name."""
    matrix = ConfusionMatrix([0], [0], ["cat", "dog", "bird"])
    assert matrix.counts().tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert matrix.names(4) == ["cat", "dog", "bird", "3"]
    assert ConfusionMatrix([], []).counts().tolist() == [[0]]


def test_counts_can_be_given() -> None:
    """They come back as they are, copied."""
    given = np.array([[3, 1], [0, 2]])
    matrix = ConfusionMatrix.from_counts(given, {1: "dog"})
    given[:] = 9
    assert matrix.own().counts().tolist() == [[3, 1], [0, 2]]
    assert (matrix.names(2), matrix.nbytes) == (["0", "dog"], 32)


def test_own_is_a_copy() -> None:
    """What training writes into its buffers later is not counted."""
    targets, said = torch.tensor([0, 1]), torch.tensor([0, 1])
    owned = ConfusionMatrix(targets, said).own()
    said[:] = 0
    assert isinstance(owned, Visual)
    assert (owned.counts().tolist(), owned.nbytes) == ([[1, 0], [0, 1]], 32)


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: ConfusionMatrix([0], [0, 1]), ValueError, r"shape \(1,\) and predictions"),
        (lambda: ConfusionMatrix([[0]], [[[0, 1]]]), ValueError, "do not fit"),
        (lambda: ConfusionMatrix(["a"], [0]), TypeError, "targets must be numbers"),
        (lambda: ConfusionMatrix([0], [0], "cat"), TypeError, "classes must be"),
        (lambda: ConfusionMatrix.from_counts([[1, 2]]), ValueError, "no confusion matrix"),
        (lambda: ConfusionMatrix.from_counts([[-1]]), ValueError, "not negative"),
        (lambda: ConfusionMatrix.from_counts([[np.nan]]), ValueError, "must be finite"),
        (lambda: ConfusionMatrix([0], [0.5]), TypeError, "predictions must be class ids"),
        (lambda: ConfusionMatrix([0], [-1]).counts(), ValueError, "0 or more, found -1"),
        (lambda: ConfusionMatrix([0], [1000]).counts(), ValueError, "more than 1000 classes"),
    ],
)
def test_what_does_not_fit_is_told(build: Any, error: type[Exception], message: str) -> None:
    """Shapes and types at once, ids by the worker."""
    with pytest.raises(error, match=message):
        build()
