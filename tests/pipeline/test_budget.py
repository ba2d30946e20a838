"""What logging may cost, in time and on the disk: pictures give way, and nothing else does."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import numpy as np
import pytest

import triptych
from tests.support import rrd
from tests.support.pipe import Pipe
from tests.support.threads import wait_until
from triptych.pipeline.budget import Disk, Overhead, read_size
from triptych.pipeline.cadence import Every, Route
from triptych.sinks.memory import MemorySink


@pytest.mark.parametrize(
    ("size", "read"),
    [
        ("20GB", 20 * 10**9),
        ("1.5 TiB", 3 * 2**39),
        ("500mb", 500 * 10**6),
        ("64KiB", 2**16),
        ("7", 7),
        (4096, 4096),
    ],
)
def test_sizes_are_read_as_people_write_them(size: str | int, read: int) -> None:
    """Decimal, or binary with an i."""
    assert read_size(size) == read


@pytest.mark.parametrize("size", ["", "20 GBs", "-1GB", "0", "many", "1e9", "nan"])
def test_what_is_no_size_is_refused(tmp_path: Path, size: str) -> None:
    """Before a folder is made."""
    with pytest.raises(ValueError, match="A size is a text such as") as refusal:
        triptych.run("some", root=tmp_path, max_disk=size)
    assert repr(size) in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("share", [0, -0.1, 1.5, "1%", float("nan")])
def test_what_is_no_share_is_refused(tmp_path: Path, share: float) -> None:
    """Before a folder is made."""
    with pytest.raises(ValueError, match=r"max_overhead= is a share such as 0\.01"):
        triptych.run("some", root=tmp_path, max_overhead=share)
    assert list(tmp_path.iterdir()) == []


class _Time:
    """A clock and a cost that the test moves; `time.monotonic` of the module under test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        self.cost = 0.0
        monkeypatch.setattr("triptych.pipeline.budget.time.monotonic", lambda: self.now)


def test_pictures_come_as_often_as_their_share_of_the_time_allows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that takes 20 ms, offered on every step of 100 ms, at one percent: each 2 s, in the end.

    At first what has been saved up for the start is used.
    """
    clock = _Time(monkeypatch)
    overhead = Overhead(0.01)
    overhead.begin(lambda: clock.cost)
    taken: list[int] = []
    for step in range(6000):  # ten minutes
        if not overhead.is_spent():
            taken.append(step)
            clock.cost += 0.02
        clock.now += 0.1
        overhead.look()

    assert overhead.share <= 0.01 * 1.1
    assert overhead.share >= 0.01 * 0.9
    later = np.diff([step for step in taken if step > 600])
    assert later.min() >= 19
    assert later.max() <= 21
    assert overhead.stretch == 1


def test_windows_of_thinned_numbers_grow_where_pictures_are_not_enough_and_shrink_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Up to 64-fold; a busy minute is forgiven a minute after it."""
    clock = _Time(monkeypatch)
    overhead = Overhead(0.01)
    overhead.begin(lambda: clock.cost)
    for _ in range(200):
        clock.now, clock.cost = clock.now + 1, clock.cost + 0.05
        overhead.look()
    most = overhead.stretch
    for _ in range(60):
        clock.now += 1
        overhead.look()
    forgiven = not overhead.is_spent()
    for _ in range(60):
        clock.now += 1
        overhead.look()

    assert most == 64
    assert forgiven
    assert overhead.stretch == 1


def test_figure_of_the_overhead_comes_every_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the last ten, whether there is a limit or not."""
    clock = _Time(monkeypatch)
    overhead = Overhead(None)
    overhead.begin(lambda: clock.cost)
    figures = []
    for step in range(30):
        clock.now, clock.cost = clock.now + 1, clock.cost + (0.02 if step < 10 else 0.04)
        figures.append(overhead.look())

    assert [round(one, 9) for one in figures if one is not None] == [0.02, 0.04, 0.04]
    assert [step for step, one in enumerate(figures) if one is not None] == [9, 19, 29]
    assert not overhead.is_spent()


def test_stretched_windows_hold_more_numbers_and_lose_none() -> None:
    """Each row stands for all of its window."""
    sink = MemorySink()
    with Pipe(Route(sink, numbers=Every(steps=2))) as pipe:
        pipe.deliveries[sink.name].numbers.stretch(4)
        for _ in range(16):
            pipe.clock.advance()
            pipe.log({"loss": pipe.clock.step})

    assert sink.numbers["loss"] == [(8, 4.5), (16, 12.5)]
    assert pipe.deliveries[sink.name].totals.delivered == 16


def test_the_figure_is_a_number_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the step at which it was taken."""
    monkeypatch.setattr("triptych.pipeline.budget._REPORT", 0.0)
    sink = MemorySink()
    with Pipe(sink) as pipe:
        pipe.clock.advance()
        wait_until(lambda: sink.numbers.get("triptych/overhead", [(0, 0)])[-1][0] == 1)
    step, share = sink.numbers["triptych/overhead"][-1]
    assert step == 1
    assert 0 <= share < 1


def test_pictures_beyond_the_budget_are_not_even_drawn_and_are_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Numbers and words go on; the reason is told once, and stands in the totals."""
    drawn: list[int] = []

    def draw() -> triptych.Image:
        drawn.append(run.step)
        until = time.thread_time() + 0.02
        while time.thread_time() < until:
            pass
        return triptych.Image(np.zeros((8, 8), np.uint8))

    with triptych.run("b", root=tmp_path, wandb=False, console=False, max_overhead=1e-4) as run:
        for _ in run.steps(range(30)):
            run.log({"loss": run.step})
            run.log({"picture": draw})
        assert run.flush()
        wait_until(lambda: any("max_overhead" in r.getMessage() for r in caplog.records))

    assert 1 <= len(drawn) < 5
    rerun = run.totals.sinks["rerun"]
    assert rerun.by_reason() == {"budget": 30 - len(drawn)}
    assert rerun.accepted == rerun.delivered + rerun.lost
    assert rrd.scalars(run.info.recording, "/loss")[0].tolist() == [*range(1, 31)]
    told = [one for one in caplog.records if "max_overhead" in one.getMessage()]
    assert [one.levelno for one in told] == [logging.WARNING]


def test_the_less_room_there_is_the_fewer_pictures_are_taken(tmp_path: Path) -> None:
    """All in the first half, every fourth in the next quarter, and so on, and none in the end."""
    file = tmp_path / "recording-1.rrd"
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "model.pt").write_bytes(b"x" * 9000)  # does not count
    strides = []
    for used in (0, 490, 510, 760, 880, 940, 970, 990, 1200):
        file.write_bytes(b"x" * used)
        disk = Disk(tmp_path, 1000)
        disk.look()
        strides.append(disk.one_in)
    disk.one_in = 4
    resumed = Disk(tmp_path, None)
    resumed.look()

    assert resumed.one_in == 1  # what was there before does not count against it
    assert strides == [1, 1, 4, 16, 64, 256, 1024, 0, 0]
    assert [disk.is_full_for("a") for _ in range(6)] == [False, True, True, True, False, True]
    assert not disk.is_full_for("b")  # each path for itself


def test_pictures_stop_before_the_disk_is_full_and_numbers_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The recording stays near its limit, and says what was left out."""
    noise = np.random.default_rng(0).integers(0, 255, (128, 128, 3), np.uint8)  # 50 kB as a file
    with triptych.run("d", root=tmp_path, wandb=False, console=False, max_disk="2MB") as run:
        deadline = time.monotonic() + 30
        while not any("No more pictures" in one.getMessage() for one in caplog.records):
            assert time.monotonic() < deadline
            run.advance()
            run.log({"loss": 1.0, "picture": triptych.Image(noise)})
            time.sleep(0.005)  # a training that goes on while the folder is looked at
        for _ in range(100):
            run.advance()
            run.log({"loss": 1.0, "picture": triptych.Image(noise)})

    rerun = run.totals.sinks["rerun"]
    assert rerun.by_reason().keys() == {"disk"}
    assert rerun.accepted == rerun.delivered + rerun.lost
    assert run.info.recording.stat().st_size < 2 * 2e6
    assert len(rrd.scalars(run.info.recording, "/loss")[0]) == run.step
    assert sum("Fewer pictures" in one.getMessage() for one in caplog.records) <= 1
