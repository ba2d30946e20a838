"""The breaker: when a sink that keeps failing is tried again."""

from __future__ import annotations

from triptych.pipeline.breaker import Breaker


def test_pauses_grow_to_a_minute() -> None:
    """None for the first four failures in a row, then twice as long each time."""
    breaker = Breaker()
    pauses = [breaker.failed() for _ in range(12)]
    assert pauses == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]
    assert breaker.open
    breaker.try_now()
    assert not breaker.open


def test_success_starts_afresh_and_says_what_it_ends() -> None:
    """A few failures that came and went are no outage."""
    breaker = Breaker(longest=3)
    assert [breaker.failed() for _ in range(4)] == [0, 0, 0, 0]
    assert not breaker.worked()
    assert [breaker.failed() for _ in range(8)] == [0, 0, 0, 0, 1, 2, 3, 3]
    assert breaker.worked()
    assert not breaker.worked()
    assert breaker.failed() == 0
