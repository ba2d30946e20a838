"""The step rule, in the hand-written loop: step k is the k-th optimizer update."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
import torch.utils.data

from triptych.pipeline.clock import StepClock
from triptych.terminal import Bar
from triptych.training.loop import Loop


def _loop() -> tuple[Loop, StepClock]:
    clock = StepClock()
    return Loop(clock, Bar(clock, shown=False)), clock


def _generator(count: int) -> Iterator[int]:
    yield from range(count)


class _Stream(torch.utils.data.IterableDataset[int]):
    def __iter__(self) -> Iterator[int]:
        return iter(range(10))


def _passes(batches: Iterable[Any], **options: Any) -> list[tuple[int, bool]]:
    """For each batch of one pass the step, and whether its update is due."""
    loop, clock = _loop()
    return [(clock.step, loop.update_due) for _ in loop.steps(batches, **options)]


@pytest.mark.parametrize("batches", [range, _generator], ids=["sized", "unsized"])
@pytest.mark.parametrize(
    ("count", "accumulate", "expected"),
    [
        (3, 1, [(1, True), (2, True), (3, True)]),
        (4, 4, [(1, False), (1, False), (1, False), (1, True)]),
        (5, 2, [(1, False), (1, True), (2, False), (2, True), (3, True)]),
        (2, 4, [(1, False), (1, True)]),
        (1, 4, [(1, True)]),
        (0, 1, []),
        (0, 4, []),
    ],
)
def test_batches_of_an_update_carry_its_step(
    batches: Callable[[int], Iterable[int]],
    count: int,
    accumulate: int,
    expected: list[tuple[int, bool]],
) -> None:
    """The last, incomplete group is an update too, known or not how many there are."""
    assert _passes(batches(count), accumulate=accumulate) == expected


def test_data_loader_whose_length_raises_is_one_without_length() -> None:
    """That of an iterable data set has a `__len__` all the same."""
    loader = torch.utils.data.DataLoader(_Stream(), batch_size=4)
    assert _passes(loader, accumulate=2) == [(1, False), (1, True), (2, True)]


def test_total_stands_in_for_a_length() -> None:
    """Then nothing is fetched ahead."""
    fetched: list[int] = []

    def batches() -> Iterator[int]:
        for number in range(3):
            fetched.append(number)
            yield number

    loop, _ = _loop()
    seen = [
        (batch, len(fetched), loop.update_due)
        for batch in loop.steps(batches(), accumulate=2, total=3)
    ]
    assert seen == [(0, 1, False), (1, 2, True), (2, 3, True)]


def test_nothing_moves_before_the_first_batch_is_asked_for() -> None:
    """Configuration, sanity checks and an evaluation before training are step 0."""
    loop, clock = _loop()
    steps = loop.steps(range(3))
    epochs = loop.epochs(2)
    assert (clock.step, clock.epoch, loop.update_due) == (0, None, True)
    next(epochs)
    next(steps)
    assert (clock.step, clock.epoch) == (1, 0)


def test_steps_go_on_through_epochs_and_validation_stays_at_the_last_update() -> None:
    """Two epochs of two updates, each followed by three batches of validation."""
    loop, clock = _loop()
    seen: list[tuple[int | None, str, int]] = []
    for epoch in loop.epochs(2):
        assert clock.epoch == epoch
        batches = loop.steps(range(4), accumulate=2)
        seen += [(clock.epoch, clock.phase, clock.step) for _ in batches]
        with loop.phase("val"):
            seen += [(clock.epoch, clock.phase, clock.step) for _ in loop.steps(range(3))]
    assert seen == [
        *[(0, "train", step) for step in (1, 1, 2, 2)],
        *[(0, "val", 2)] * 3,
        *[(1, "train", step) for step in (3, 3, 4, 4)],
        *[(1, "val", 4)] * 3,
    ]
    assert (clock.epoch, clock.phase, clock.step) == (1, "train", 4)


def test_validation_within_a_group_does_not_end_it() -> None:
    """In the middle of an epoch, before the update of its batch."""
    loop, clock = _loop()
    seen = []
    for _ in loop.steps(range(4), accumulate=2):
        with loop.phase("val"):
            assert [clock.step for _ in loop.steps(range(2))] == [clock.step] * 2
        seen.append((clock.step, loop.update_due))
    assert seen == [(1, False), (1, True), (2, False), (2, True)]


def test_two_optimizers_on_one_batch_make_one_step() -> None:
    """`update_due` holds for both."""
    loop, clock = _loop()
    optimizers = ("generator", "discriminator")
    updates = [
        (optimizer, clock.step)
        for _ in loop.steps(range(2))
        for optimizer in optimizers
        if loop.update_due
    ]
    assert updates == [
        ("generator", 1),
        ("discriminator", 1),
        ("generator", 2),
        ("discriminator", 2),
    ]


def test_loop_that_is_left_keeps_its_step() -> None:
    """The next pass begins a new update."""
    loop, clock = _loop()
    for batch in loop.steps(range(8), accumulate=4):
        if batch == 5:
            break
    assert (clock.step, loop.update_due) == (2, True)
    assert [clock.step for _ in loop.steps(range(2))] == [3, 4]


def test_exception_passes_and_leaves_the_clock_where_it_was() -> None:
    """It is written down at this step."""
    loop, clock = _loop()
    with pytest.raises(ZeroDivisionError), loop.phase("val"):  # noqa: PT012  # all of it matters
        for _ in loop.epochs(3):
            for batch in loop.steps(range(8)):
                batch / 0
    assert (clock.epoch, clock.phase, clock.step) == (0, "train", 0)


def test_exception_of_the_data_passes_unchanged() -> None:
    """The step is that of the last batch that came."""
    loop, clock = _loop()
    error = OSError("disk")

    def batches() -> Iterator[int]:
        yield 0
        raise error

    with pytest.raises(OSError, match="disk") as caught:
        list(loop.steps(batches()))
    assert (caught.value is error, clock.step) == (True, 1)


def test_phases_nest_and_each_goes_back_to_the_one_around_it() -> None:
    """Whatever the epoch has become."""
    loop, clock = _loop()
    with loop.phase("val"):
        with loop.phase("test"):
            assert clock.phase == "test"
        assert clock.phase == "val"
    assert clock.phase == "train"


def test_epochs_may_start_later() -> None:
    """After a resume; what follows the last epoch still belongs to it."""
    loop, clock = _loop()
    assert [(epoch, clock.epoch) for epoch in loop.epochs(5, start=3)] == [(3, 3), (4, 4)]
    assert clock.epoch == 4
    assert list(loop.epochs(0)) == []
    assert clock.epoch == 4


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda loop: next(loop.steps([1], accumulate=0)), "at least 1, not 0"),
        (lambda loop: next(loop.epochs(-1)), "count=-1, start=0"),
        (lambda loop: next(loop.epochs(2, start=-1)), "count=2, start=-1"),
        (lambda loop: loop.phase(" ").__enter__(), "a word such as \"val\", not ' '"),
        (lambda loop: loop.phase(3).__enter__(), 'a word such as "val", not 3'),
    ],
)
def test_wrong_arguments_raise(use: Callable[[Loop], object], message: str) -> None:
    """The message says what was given."""
    with pytest.raises(ValueError, match=message):
        use(_loop()[0])


class _Notes:
    """An observer that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def pass_begins(self) -> None:
        self.told.append("pass")

    def batch_begins(self) -> None:
        self.told.append("batch")

    def batch_ends(self, batch: object, *, update: bool) -> None:
        self.told.append(f"{batch} done{', update' if update else ''}")

    def pause_begins(self) -> None:
        self.told.append("pause")

    def pause_ends(self, name: str) -> None:
        self.told.append(f"{name} over")

    def numbers(self, columns: object) -> None:
        raise AssertionError(columns)

    def run_ends(self) -> None:
        raise AssertionError


def test_observers_are_told_of_training_and_of_pauses() -> None:
    """Not of the batches of a validation, nor of a batch in which the loop is left."""
    loop, _ = _loop()
    notes = _Notes()
    loop.observers.append(notes)
    for batch in loop.steps(range(3), accumulate=2):
        if batch == 1:
            with loop.phase("val"):
                for _ in loop.steps(range(2)):
                    pass
        if batch == 2:
            break

    first, second = ["pass", "batch", "0 done"], ["batch", "pause", "val over", "1 done, update"]
    assert notes.told == [*first, *second, "batch"]
