"""`Helper`: the process that a sink lives in, seen from the one that trains."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from triptych.sinks.apart.calls import Answer
from triptych.sinks.apart.wire import Unsendable, Wire

_START = (
    "import sys; sys.path[:] = sys.argv[2:]; from triptych.sinks.apart.child import serve; serve()"
)
_PATIENCE = 2.0  # seconds that one which is not needed any more may take to end

_idle: list[Helper] = []
_ending = False  # Python is
_lock = threading.Lock()


class Helper:
    """A Python of its own, with nothing of this one's in it but `sys.path`.

    It is started once and used for one run after the other: the second opens at once. It ends with
    this process, however that ends, and takes no part in what the terminal sends to it: after a
    Ctrl-C the recording has yet to be closed.

    Args:
        kind: Of the sink that it is for.

    Raises:
        OSError: If the system starts no more processes, or there is no Python to start.
    """

    def __init__(self, kind: type) -> None:
        self.kind = kind
        if not sys.executable or getattr(sys, "frozen", False):
            raise OSError("this program has its Python built in")
        self._process = subprocess.Popen(  # noqa: S603  # this very Python
            [sys.executable, "-c", _START, kind.__name__, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        self._owner = os.getpid()
        self._asking = threading.Lock()  # whoever closes the pipes waits for whoever uses them
        assert self._process.stdin is not None  # noqa: S101
        assert self._process.stdout is not None  # noqa: S101
        self._wire = Wire(self._process.stdout.fileno(), self._process.stdin.fileno())

    @classmethod
    def take(cls, kind: type) -> Helper:
        """One that has nothing to do, or a new one.

        Args:
            kind: Of the sink: what it needs is loaded in one that had such a sink before.
        """
        while True:
            with _lock:
                helper = next((one for one in _idle if one.kind is kind), None)
                if helper is not None:
                    _idle.remove(helper)
            if helper is None:
                return cls(kind)
            if helper.alive:
                return helper

    def give_back(self) -> None:
        """It has nothing to do any more."""
        with _lock:
            if not _ending:
                _idle.append(self)
                return
        self.end()

    @property
    def alive(self) -> bool:
        """Whether it can be asked for anything."""
        return self._process.poll() is None

    def ask(self, what: str, given: Sequence[Any], news: Mapping[str, str]) -> Answer:
        """Have a call made, and wait for the answer without the interpreter lock.

        Args:
            what: A method of the sink, or "begin" with the sink, a folder and an environment.
            given: Its arguments.
            news: What has become known since of `RunInfo.opens_with`.

        Raises:
            Unsendable: If something cannot be pickled here, or read there.
            ConnectionError: If the process has ended.
        """
        try:
            with self._asking:
                self._wire.send((what, given, news))
                answer = self._wire.receive()
        except (EOFError, OSError) as problem:
            raise ConnectionError(f"the process of the sink is gone ({problem})") from problem
        if not isinstance(answer, Answer):
            raise Unsendable(answer)
        return answer

    def kill(self) -> None:
        """End it, whatever it is doing: a thread that waits for an answer gets an error."""
        if self._owner == os.getpid():
            self._process.kill()
            self._settle()

    def end(self) -> None:
        """Let it end: it does when nobody can ask it any more."""
        self._close()
        if self._owner == os.getpid() and not self._settle():
            self.kill()

    def _settle(self) -> bool:
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:  # it is stopped, or waits for a disk
            return False
        self._close()
        return True

    def _close(self) -> None:
        if not self._asking.acquire(timeout=_PATIENCE):
            return  # a number that is in use must not become another file's
        try:
            for pipe in (self._process.stdin, self._process.stdout):
                with suppress(OSError):  # closed by the program
                    pipe.close()  # type: ignore[union-attr]
        finally:
            self._asking.release()


def _end_all() -> None:
    global _ending  # noqa: PLW0603
    _ending = True
    while _idle:
        _idle.pop().end()


def _forget_all() -> None:
    """In a forked child: they are the parent's."""
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()
    _idle.clear()


atexit.register(_end_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
