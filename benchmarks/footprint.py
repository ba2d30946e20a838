"""What a process and those that it has started take: processor, memory, disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil


def processor_time() -> float:
    """Seconds so far, of all threads and of the processes below, those that have ended included."""
    # User and system time, and the same of children that have ended.
    return sum(sum(process.cpu_times()[:4]) for process in family())


def peak_memory() -> dict[int, int]:
    """The most bytes that each process has held, by its id; only Linux keeps count."""
    return {process.pid: _high_water(process.pid) for process in family()}


def bytes_on_disk(folder: Path) -> int:
    """The size of all files below a folder."""
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file())


def family() -> Iterator[psutil.Process]:
    """This process and all that live below it."""
    this = psutil.Process()
    yield this
    yield from this.children(recursive=True)


def _high_water(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return 0
