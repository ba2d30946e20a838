"""Curves are those of scikit-learn, and odd inputs give a line that says what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.calibration import calibration_curve

from triptych.visuals import Curve, Visual

TARGETS = np.array([0, 1, 1, 0, 1, 0, 0, 1])
SCORES = np.array([0.1, 0.4, 0.4, 0.4, 0.8, 0.3, 0.6, 0.9])  # with equal ones

pairs = st.lists(st.tuples(st.booleans(), st.integers(0, 10)), min_size=2, max_size=60).filter(
    lambda rows: len({target for target, _ in rows}) == 2
)


@given(pairs)
def test_roc_is_that_of_scikit_learn(rows: list[tuple[bool, int]]) -> None:
    """Every point of it, and the area in the note."""
    targets, scores = np.array(rows, dtype=float).T
    (trace,) = Curve.roc(targets, scores).traces()
    x, y, _ = metrics.roc_curve(targets, scores, drop_intermediate=False)
    np.testing.assert_allclose(np.c_[trace.x, trace.y], np.c_[x, y])
    area = metrics.roc_auc_score(targets, scores)
    assert float(trace.note.removeprefix("AUC ")) == pytest.approx(area, abs=0.0006)


@given(pairs)
def test_precision_and_recall_are_those_of_scikit_learn(rows: list[tuple[bool, int]]) -> None:
    """From recall 0; the note is average precision."""
    targets, scores = np.array(rows, dtype=float).T
    (trace,) = Curve.precision_recall(targets, scores).traces()
    precision, recall, _ = metrics.precision_recall_curve(targets, scores)
    np.testing.assert_allclose(np.c_[trace.x, trace.y], np.c_[recall, precision][::-1])
    average = metrics.average_precision_score(targets, scores)
    assert float(trace.note.removeprefix("AP ")) == pytest.approx(average, abs=0.0006)


def test_calibration_is_that_of_scikit_learn() -> None:
    """Ten bins, empty ones left out; the note weighs the gaps."""
    chances = np.random.default_rng(0).random(500) ** 2
    targets = np.random.default_rng(1).random(500) < chances
    (trace,) = Curve.calibration(targets, chances).traces()
    true, given_chance = calibration_curve(targets, chances, n_bins=10)
    np.testing.assert_allclose(np.c_[trace.x, trace.y], np.c_[given_chance, true])

    (trace,) = Curve.calibration([1, 1, 0, 0], [1.0, 1.0, 0.0, 0.2]).traces()
    assert (trace.y.tolist(), trace.note) == ([0, 0, 1], "ECE 0.050")


def test_each_class_is_held_against_all_others() -> None:
    """Scores (N, K) give K lines, in the order of the columns."""
    rng = np.random.default_rng(0)
    targets = torch.tensor(rng.integers(0, 3, 200))
    scores = torch.tensor(rng.normal(size=(200, 3)), dtype=torch.float16, requires_grad=True)
    traces = Curve.roc(targets, scores, ["cat", "dog", "bird"]).traces()
    assert [trace.name for trace in traces] == ["cat", "dog", "bird"]
    for column, trace in enumerate(traces):
        area = metrics.roc_auc_score(targets == column, scores[:, column].detach().numpy())
        assert trace.note == f"AUC {area:.3f}"
    assert [trace.name for trace in Curve.roc(targets, scores).traces()] == ["0", "1", "2"]


def test_lines_of_the_user_come_back() -> None:
    """With their names; what is not finite is left out, and counted."""
    curve = Curve({"a": ([1, 2], [3, 4]), "b": (np.arange(4), [1.0, np.nan, 3.0, np.inf])})
    first, second = curve.traces()
    assert (first.name, first.x.tolist(), first.y.tolist(), first.note) == ("a", [1, 2], [3, 4], "")
    assert (second.x.tolist(), second.y.tolist(), second.note) == ([0, 2], [1, 3], "2 not finite")
    assert Curve([], []).traces()[0].x.size == 0


def test_what_cannot_be_computed_says_so() -> None:
    """No line, and the reason in its note, instead of a line that looks good."""
    notes = {
        "no positives": Curve.roc([0, 0], [0.1, 0.2]),
        "no negatives": Curve.roc([1, 1], [0.1, 0.2]),
        "no positives, 2 NaN": Curve.precision_recall([0, 1, 1], [0.1, np.nan, np.nan]),
        "no targets": Curve.calibration([], []),
        "AUC 1.000, 1 NaN": Curve.roc([0, 1, 1], [0.1, np.inf, np.nan]),
    }
    assert [curve.traces()[0].note for curve in notes.values()] == list(notes)


def test_logits_have_no_calibration() -> None:
    """The message, on the worker, says what to pass."""
    with pytest.raises(ValueError, match=r"chances in 0 to 1, found -2 to 3: pass logits.sigmoid"):
        Curve.calibration([0, 1], [-2.0, 3.0]).own().traces()


@pytest.mark.parametrize("make", [np.array, torch.tensor])
def test_own_is_a_copy(make: Any) -> None:
    """What training writes into its buffers later is not in the curve."""
    targets, scores = make(TARGETS), make(SCORES)
    owned = Curve.roc(targets, scores).own()
    scores[:] = 0
    targets[:] = 0
    assert isinstance(owned, Visual)
    assert owned.traces()[0].note == f"AUC {metrics.roc_auc_score(TARGETS, SCORES):.3f}"
    assert owned.nbytes == TARGETS.nbytes + SCORES.nbytes


def test_a_thinned_line_keeps_its_ends() -> None:
    """And a short one all of it."""
    (trace,) = Curve(np.arange(1001), np.arange(1001) * 2).traces()
    assert trace.thinned(3).x.tolist() == [0, 500, 1000]
    assert trace.thinned(3).y.tolist() == [0, 1000, 2000]
    assert trace.thinned(1001) is trace


def test_no_device_is_waited_for() -> None:
    """A meta tensor has no values to wait for."""
    scores = torch.empty(7, 3, device="meta")
    assert len(Curve.roc(torch.empty(7, dtype=torch.long, device="meta"), scores).lines) == 3


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: Curve([1, 2], [1]), ValueError, r"x of shape \(2,\) and y of shape \(1,\)"),
        (lambda: Curve([[1]], [[1]]), ValueError, "make no line"),
        (lambda: Curve(["a"], [1]), TypeError, "x must be numbers"),
        (lambda: Curve({}), ValueError, "1 to 50 lines, not 0"),
        (lambda: Curve({"a": 3}), ValueError, "the line 'a' must be x and y"),
        (lambda: Curve({1: ([1], [1])}), TypeError, "must be a string, not 1"),
        (lambda: Curve({"a": ([1], [1])}, [1]), ValueError, "in the mapping already"),
        (lambda: Curve([1], [1], title=3), TypeError, "title must be a string, not 3"),
        (lambda: Curve.roc([0, 1], [0.1]), ValueError, r"targets of shape \(2,\) and scores"),
        (lambda: Curve.roc([0, 2], [0.1, 0.2]), ValueError, "must be 0 or 1, found 0 to 2"),
        (lambda: Curve.roc([0], [0.1], ["a"]), ValueError, "name the columns"),
        (lambda: Curve.roc([0], [[0.1, 0.2]], ["a"]), ValueError, "1 different classes for 2"),
    ],
)
def test_arguments_that_do_not_fit_are_told(
    build: Any, error: type[Exception], message: str
) -> None:
    """At once, where they were written."""
    with pytest.raises(error, match=message):
        build()
