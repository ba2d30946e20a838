"""Work on files is done in order, by one thread, and nobody waits for it but those who ask."""

from __future__ import annotations

import threading
import time
from functools import partial

import pytest

from triptych.pipeline.clerk import Clerk


def test_jobs_are_done_in_order_on_one_thread_that_ends() -> None:
    """It begins with the first job."""
    assert Clerk().finish(time.monotonic())  # nothing to do
    clerk, done = Clerk(), []

    def job(number: int) -> None:
        done.append((number, threading.current_thread()))

    for number in range(3):
        clerk.do(partial(job, number))
    assert clerk.finish(time.monotonic() + 10)
    (worker,) = {thread for _, thread in done}
    assert [number for number, _ in done] == [0, 1, 2]
    assert worker is not threading.current_thread()
    worker.join(10)
    assert not worker.is_alive()


def test_a_deadline_is_kept_and_the_job_goes_on() -> None:
    """Whoever waits is told."""
    clerk, gate, done = Clerk(), threading.Event(), threading.Event()

    def job() -> None:
        if gate.wait(10):
            done.set()

    clerk.do(job)
    assert not clerk.settle(time.monotonic() + 0.01)
    gate.set()
    assert clerk.finish(time.monotonic() + 10)
    assert done.is_set()


def test_a_job_that_raises_is_told_and_costs_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """With its traceback."""
    clerk, done = Clerk(), []
    clerk.do(lambda: done.append(1 // 0))
    clerk.do(lambda: done.append(1))
    assert clerk.finish(time.monotonic() + 10)
    assert done == [1]
    assert "ZeroDivisionError" in caplog.text


def test_without_a_thread_jobs_are_done_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """While Python ends, or where the system has none left."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    clerk, done = Clerk(), []
    clerk.do(lambda: done.append(threading.current_thread()))
    assert done == [threading.current_thread()]
    assert clerk.finish(time.monotonic())
