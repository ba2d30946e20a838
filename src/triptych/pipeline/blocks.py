"""`Chain`: blocks of mapped memory, written by any thread without a lock and let go by workers."""

from __future__ import annotations

import mmap
import os
import threading
from array import array
from collections import deque
from collections.abc import Callable
from pathlib import Path

_NOTHING = mmap.mmap(-1, 1)
_NOTHING.seek(0, os.SEEK_END)


class Block:
    """A stretch of memory that is written once, from its beginning to its end.

    Zeros follow what has been written. With a file it outlives the process: what `write` has taken
    is the kernel's, however the process ends.

    Args:
        space: The memory, full of zeros.
        file: What it is mapped from, or None.

    Attributes:
        write: Appends bytes in one call into C, so under the interpreter lock whole or not at all.
            Raises ValueError where they do not fit any more.
    """

    __slots__ = ("_next", "_space", "file", "write")

    def __init__(self, space: mmap.mmap, file: Path | None = None) -> None:
        self.file = file
        self.write = space.write
        self._space = space
        self._next: dict[str, Block] = {}

    @classmethod
    def in_memory(cls, size: int) -> Block:
        """One that dies with the process."""
        return cls(mmap.mmap(-1, size))

    @classmethod
    def in_file(cls, file: Path, size: int) -> Block:
        """One that outlives the process.

        Raises:
            OSError: If the file cannot be made, or the disk has no room for all of it.
        """
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            _fill(handle, size)
            space = mmap.mmap(handle, size)
        except BaseException:
            file.unlink()
            raise
        finally:
            os.close(handle)
        return cls(space, file)

    def touch(self) -> None:
        """Have the pages of a file at hand, before anything is written: on a worker.

        The first touch of each costs the kernel a microsecond or two.
        """
        if self.file is not None:
            for page in range(0, len(self._space), mmap.PAGESIZE):
                self._space[page] = 0

    @property
    def full(self) -> bool:
        """Whether nothing can be written any more."""
        return self._space.tell() == len(self._space)

    @property
    def share(self) -> float:
        """How much of it has been written, 0 to 1."""
        return self._space.tell() / len(self._space)

    @property
    def after(self) -> Block | None:
        """The block that took its place, once there is one."""
        return self._next.get("")

    def succeed(self, block: Block) -> Block:
        """Make `block` the next one, unless another thread was faster; the next one comes back."""
        return self._next.setdefault("", block)

    def retire(self) -> None:
        """Be full: a thread that has chosen this block, and has not written yet, must go on."""
        self._space.seek(0, os.SEEK_END)

    def copy(self, start: int) -> bytes:
        """What lies behind a byte, zeros at the end included if the block is full."""
        return self._space[start : self._space.tell()]

    def release(self) -> None:
        """Give the memory back though somebody may still know the block: now full, and empty."""
        self.write, self._space = _NOTHING.write, _NOTHING

    def discard(self) -> None:
        """Delete the file; the memory goes with the last reference."""
        if self.file is not None:
            self.file.unlink(missing_ok=True)


class Hold:
    """Somebody's place in a chain: the block there and those behind it stay.

    Attributes:
        block: It only moves forward.
    """

    def __init__(self, block: Block) -> None:
        self.block = block

    def skip(self) -> bool:
        """Leave a block that is too old for the next one; False if that must wait."""
        self.block = self.block.after or self.block
        return True


class Chain:
    """Blocks one behind the other.

    A writer never waits: it takes the block that it believes to be the last, and if that is full,
    or another thread or a signal handler has retired it in between, goes on to the next. So the
    rows of a thread stay in order, and so do those of all threads.

    Args:
        make: Makes a block of so many bytes.
        size: Of a block, in bytes.
        limit: How many blocks may wait before those who hold the oldest must skip it.
    """

    def __init__(self, make: Callable[[int], Block], size: int, limit: int) -> None:
        self._make = make
        self._size = size
        self._limit = limit
        self._tail = self._oldest = make(size)
        self._tail.touch()
        self._spares: deque[Block] = deque()
        self._holds: list[Hold] = []
        self._tending = threading.Lock()

    def append(self, data: bytes | array[float]) -> None:
        """Append bytes, whole; they stand within one block."""
        while True:
            block = self._tail
            try:
                block.write(data)
            except ValueError:
                self._roll(block, memoryview(data).nbytes)
            else:
                return

    def _roll(self, block: Block, needed: int) -> None:
        block.retire()
        fresh = block.after or self._spare(needed)
        following = block.succeed(fresh)
        if following is not fresh:
            self._spares.append(fresh)
        # It may be that another thread has gone further already, and this one goes back: no harm,
        # since every block knows the one behind it.
        self._tail = following
        if len(self) > self._limit:  # the workers that would see to it may all be stuck
            self.tend()

    def _spare(self, needed: int) -> Block:
        if needed <= self._size:
            try:
                return self._spares.popleft()
            except IndexError:
                pass
        return self._make(max(self._size, needed))

    def __len__(self) -> int:
        block: Block | None = self._oldest
        count = 0
        while block is not None:
            count, block = count + 1, block.after
        return count

    @property
    def oldest(self) -> Block:
        """The first block that is still there."""
        return self._oldest

    @property
    def newest(self) -> Block:
        """The last block: what was written before is in it, or before it."""
        block = self._tail
        while (following := block.after) is not None:
            block = following
        return block

    def add(self, hold: Hold) -> None:
        """Let go of nothing that this one holds."""
        self._holds.append(hold)

    def tend(self) -> None:
        """Let go of what nobody holds, and have a spare block at hand. Waits for nobody."""
        if not self._tending.acquire(blocking=False):
            return
        try:
            self._let_go()
            while len(self) > self._limit:
                late = [hold for hold in self._holds if hold.block is self._oldest]
                skipped = [hold.skip() for hold in late]  # each of them, also after a False
                if not all(skipped):
                    break
                self._let_go()
            if not self._spares and self.newest.share > 1 / 2:
                spare = self._make(self._size)
                spare.touch()
                self._spares.append(spare)
        finally:
            self._tending.release()

    def close(self) -> None:
        """Give the memory back; files stay. What is still written goes nowhere."""
        block: Block | None = self._oldest
        while block is not None:
            block.release()
            block = block.after
        self._spares.clear()

    def _let_go(self) -> None:
        newest = self.newest
        while self._oldest is not newest and all(
            hold.block is not self._oldest for hold in self._holds
        ):
            following = self._oldest.after
            assert following is not None  # noqa: S101  # only the newest has none
            self._oldest.discard()
            self._oldest = following


def _fill(handle: int, size: int) -> None:
    """Reserve the room on disk: to write into a hole of a full disk would kill the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, size)
    else:
        os.write(handle, bytes(size))
