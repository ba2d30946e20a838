"""`compare`: in what runs differ, and what came of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import two_runs
from triptych.archive.comparison import Comparison, compare, good_end, labels
from triptych.archive.course import Point
from triptych.archive.folder import RunFolder


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """Two runs, the slow one first."""
    return compare(two_runs.train(tmp_path_factory.mktemp("runs")))


def test_only_settings_that_differ_are_told(found: Comparison) -> None:
    """What one run does not have is absent; the rest is counted."""
    slow, fast = found.runs
    assert found.settings == {"lr": {slow: 0.1, fast: 0.2}, "model.dropout": {fast: 0.5}}
    assert found.shared == 1
    assert found.origin == {}  # one process made both


def test_the_best_number_goes_by_the_name(found: Comparison) -> None:
    """The least loss, the greatest accuracy; of a learning rate there is none."""
    slow, fast = found.runs
    assert found.best("train/loss") == {slow: Point(20, 10 / 29), fast: Point(30, 5 / 39)}
    assert found.best("train/acc") == {slow: Point(20, 0.5), fast: Point(30, 30 / 39)}
    assert [found.winner(path) for path in ("train/loss", "train/acc")] == [fast, fast]
    assert (found.best("train/lr"), found.winner("train/lr")) == ({}, None)
    assert found.winner("val/loss") is None  # it has no rival
    assert list(found.courses)[:2] == ["train/loss", "val/loss"]
    assert found.courses["val/loss"].keys() == {fast}


def test_a_run_is_called_by_its_id_without_the_time() -> None:
    """And by all of it where that would stand for two."""
    ids = ["20261124-031104-cnn-lxb26", "20261125-031104-cnn-lxb26", "20261124-031104-mlp-w6gxp"]
    one, two, three = (RunFolder(Path("runs", name)) for name in ids)
    assert labels([one, three]) == ["cnn-lxb26", "mlp-w6gxp"]
    assert labels([one, two]) == ids[:2]


@pytest.mark.parametrize(
    ("path", "end"),
    [
        ("val/loss", "least"),
        ("train_loss_epoch", "least"),
        ("val/word_error_rate", "least"),
        ("ppl", "least"),
        ("val/acc", "greatest"),
        ("val_accuracy", "greatest"),
        ("val/F1", "greatest"),
        ("val/acc_top5", "greatest"),
        ("train/lr", None),
        ("val/mapping", None),
        ("grad_norm", None),
    ],
)
def test_names_tell_which_end_is_good(path: str, end: str | None) -> None:
    """By whole words of the last name."""
    assert good_end(path) == end
