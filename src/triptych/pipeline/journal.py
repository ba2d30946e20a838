"""`Journal`: what was logged and is not yet safe on disk elsewhere; it survives SIGKILL."""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from triptych.pipeline.blocks import Block, Chain, Hold
from triptych.pipeline.entries import describe, frame
from triptych.pipeline.records import Artifact, Record

log = logging.getLogger("triptych")

ROWS, WORDS, NAMES = "rows", "words", "names"
"""What the files of a journal begin with, by what is in them: rows of numbers; lines of the log,
events and errors; and whatever stays as long as the journal: the names that the rows refer to."""

LOCK = "lock"
"""The file that is locked for as long as the process lives."""

_ROWS_BYTES = 2 * 2**20
_LINES_BYTES = 256 * 2**10
_LIMIT = 256 * 2**20  # bytes of each kind that may wait


class Journal:
    """A folder of files in memory: what has been written to them is the kernel's.

    So it is there however the process ends, unless the machine itself goes down. Pictures are not
    journaled, and a number on an accelerator only once it has come to the host, up to two seconds
    after it was logged: `run.log` does not wait for the device. Where no file can be made (a full
    disk, a filesystem that cannot), the same rows lie in memory that dies with the process; that is
    told once.

    Args:
        folder: Made, readable by its owner only. None for memory alone.

    Attributes:
        rows: The numbers; see `triptych.pipeline.rows`.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self._problem: OSError | None = None
        self._told = False
        self._lock = -1
        if folder is not None:
            self._claim(folder)
        self.rows = Chain(partial(self._make, ROWS), _ROWS_BYTES, _LIMIT // _ROWS_BYTES)
        self._words = self._names = None
        if self._folder is not None:
            limit = _LIMIT // _LINES_BYTES
            self._words = Chain(partial(self._make, WORDS), _LINES_BYTES, limit)
            self._names = Chain(partial(self._make, NAMES), _LINES_BYTES, limit)

    # ---- any thread

    def name_layout(self, number: int, paths: tuple[str, ...]) -> None:
        """Say what the rows of a layout hold, before there are any."""
        self._name({"layout": number, "paths": paths})

    def name_context(self, number: int, epoch: int | None, phase: str) -> None:
        """Say what a context stands for, before a row refers to it."""
        self._name({"context": number, "epoch": epoch, "phase": phase})

    def name_attempt(self, number: int, when: float) -> None:
        """Say to which attempt belongs what is logged from `when` on, in seconds since 1970."""
        self._name({"attempt": number, "time": when})

    def write(self, record: Record) -> None:
        """Write down a line, an event, an error or a checkpoint; after it was put elsewhere."""
        chain = self._names if isinstance(record.value, Artifact) else self._words
        if chain is not None and (entry := describe(record)) is not None:
            chain.append(frame(entry))

    def _name(self, entry: Mapping[str, Any]) -> None:
        if self._names is not None:
            self._names.append(frame(entry))

    def _make(self, kind: str, size: int) -> Block:
        if self._folder is not None:
            try:
                return Block.in_file(self._folder / f"{kind}-{next(self._numbers):06}", size)
            except OSError as problem:
                self._problem = problem
        return Block.in_memory(size)

    # ---- workers

    def keeper(self, reader: Hold | None) -> Keeper | None:
        """A part in the journal for a sink that is durable; None where there is only memory.

        Args:
            reader: Its reader, if it gets every number.
        """
        return None if self._words is None else Keeper(self.rows, reader, self._words)

    def tend(self) -> None:
        """Let go of what is not needed any more, and make room ahead."""
        self.rows.tend()
        if self._words is not None:
            self._words.tend()
        if self._problem is not None and not self._told:
            self._told = True
            log.warning(
                "There is no room for the journal (%s): if this process is killed, the newest "
                "numbers and lines are lost.",
                self._problem,
            )

    # ---- the end

    def close(self, *, keep: bool) -> None:
        """Let go of memory and folder; delete it, unless something in it is nowhere else."""
        for chain in (self.rows, self._words, self._names):
            if chain is not None:
                chain.close()
        if self._lock < 0 or self._folder is None:
            return
        if keep:
            log.warning(
                "Something did not reach the disk and is kept in the journal: "
                "`triptych repair %s` puts it back.",
                self._folder.parent.parent,
            )
        else:
            delete(self._folder)
        self.abandon()

    def abandon(self) -> None:
        """Leave it to the parent process, whose lock stays: this is a forked child."""
        if self._lock >= 0:
            with suppress(OSError):  # somebody has closed all descriptors of the process
                os.close(self._lock)
            self._lock = -1

    def _claim(self, folder: Path) -> None:
        try:
            for missing in (folder.parent, folder):
                _make_folder(missing)
            self._lock = lock(folder)
        except OSError as problem:
            self._problem, self._folder = problem, None


class Keeper:
    """A durable sink's part in the journal: what it has not yet handed to the disk stays.

    Args:
        rows: The numbers.
        reader: The sink's place among them; None if it does not get every one.
        words: Lines and events.
    """

    def __init__(self, rows: Chain, reader: Hold | None, words: Chain) -> None:
        self._reader = reader
        self._words = words
        self._said = words.oldest
        self._rows_hold = None if reader is None else Hold(rows.oldest)
        self._words_hold = Hold(words.oldest)
        words.add(self._words_hold)
        if self._rows_hold is not None:
            rows.add(self._rows_hold)

    def begin(self) -> None:
        """The sink is about to be given all that waits."""
        self._said = self._words.newest  # records in the blocks before it wait, or have waited

    @property
    def waits(self) -> bool:
        """Whether blocks are held that `settle` would let go."""
        behind = self._words_hold.block is not self._said
        if self._reader is not None and self._rows_hold is not None:
            behind |= self._rows_hold.block is not self._reader.block
        return behind

    def settle(self) -> None:
        """All that was given since `begin`, and before, is safe on disk."""
        self._words_hold.block = self._said
        if self._reader is not None and self._rows_hold is not None:
            self._rows_hold.block = self._reader.block


def _make_folder(path: Path) -> None:
    path.mkdir(mode=0o700, exist_ok=True)
    if path.is_symlink():  # it could lead out of the run folder
        raise OSError(f"{str(path)!r} is a link")


def lock(folder: Path) -> int:
    """Lock the folder of a journal, for as long as the descriptor is open; the kernel sees to it.

    Raises:
        BlockingIOError: If a process that is alive has it.
        OSError: If the filesystem or the system has no locks.
    """
    try:
        import fcntl
    except ImportError as problem:
        raise OSError("this system has no file locks") from problem
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(handle)
        raise
    return handle


def delete(folder: Path) -> None:
    """Delete a journal, and the folder of all journals of the run if it is the last."""
    try:
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
        folder.parent.rmdir()
    except OSError:  # somebody has put something there, or another attempt's is left
        return
