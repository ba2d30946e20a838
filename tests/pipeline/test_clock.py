"""The step: counted from 1, moved by nobody but its owner."""

from __future__ import annotations

import time

import pytest

from triptych.pipeline.clock import StepClock


def test_before_the_first_update_the_step_is_0_outside_epochs() -> None:
    """Configuration and sanity checks belong there."""
    clock = StepClock()
    assert (clock.step, clock.epoch, clock.phase) == (0, None, "train")


def test_stamp_is_the_present_moment() -> None:
    """Step, epoch, phase and rank of now, and the wall clock in seconds."""
    clock = StepClock(rank=3)
    clock.advance()
    clock.advance()
    clock.enter(epoch=4, phase="val")
    before = time.time()
    stamp = clock.stamp()
    assert (stamp.step, stamp.epoch, stamp.phase, stamp.rank) == (2, 4, "val", 3)
    assert before <= stamp.time <= time.time()


def test_stamp_does_not_move_with_the_clock() -> None:
    """It is taken once, on the thread that logs."""
    clock = StepClock()
    stamp = clock.stamp()
    clock.advance()
    assert (stamp.step, clock.step) == (0, 1)


def test_contexts_are_kept_once_for_each_epoch_and_phase() -> None:
    """Rows of numbers refer to them by index, so an index never changes its meaning."""
    clock = StepClock()
    indices = []
    for epoch in (0, 1):
        for phase in ("train", "val", "train"):
            clock.enter(epoch=epoch, phase=phase)
            indices.append(clock.context)
    assert clock.contexts == [
        (None, "train"),
        (0, "train"),
        (0, "val"),
        (1, "train"),
        (1, "val"),
    ]
    assert indices == [1, 2, 1, 3, 4, 3]


def test_restored_clock_goes_on_behind_the_checkpoint() -> None:
    """A checkpoint saved at 120 continues with update 121."""
    clock = StepClock()
    clock.restore(120)
    assert clock.step == 120
    clock.advance()
    assert clock.step == 121


def test_negative_step_is_refused() -> None:
    """Updates are counted."""
    with pytest.raises(ValueError, match=r"counts optimizer updates and cannot be -1"):
        StepClock().restore(-1)


def test_representation_says_where_training_is() -> None:
    """For whoever prints it."""
    clock = StepClock(7)
    clock.enter(epoch=1, phase="val")
    assert repr(clock) == "<StepClock(step=7, epoch=1, phase='val')>"
