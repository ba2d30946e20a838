"""How a process ends: exceptions, Ctrl-C, SIGTERM, `sys.exit`, a fork; one set of hooks."""

from __future__ import annotations

import atexit
import builtins
import logging
import os
import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any, NoReturn, Protocol

INTERRUPTED = 130  # what a shell sees after Ctrl-C
TERMINATED = 143  # and after SIGTERM


class Terminated(SystemExit):  # like KeyboardInterrupt, it is a request
    """SIGTERM arrived. A SystemExit, so that the process ends with code 143 if nobody objects."""


class Lives(Protocol):
    """What is told about the end of the process."""

    def ended_by(self, error: BaseException) -> None:
        """An exception is about to end the process."""
        ...

    def exit(self, ending: BaseException | None) -> None:
        """The process ends, because of this request to exit as far as is known."""
        ...

    def forked(self) -> None:
        """This is a forked child now: never write again."""
        ...


_open: list[Lives] = []
_ending: BaseException | None = None
_installed = False


def watch(run: Lives) -> None:
    """Tell `run` how the process ends."""
    global _ending  # noqa: PLW0603
    _install()
    _open.append(run)
    _ending = None  # whoever asked to exit before, somebody has caught it
    # The SDKs have registered theirs by now: what is registered last runs first, and a run must
    # close before W&B and Rerun shut down under it.
    atexit.unregister(_at_exit)
    atexit.register(_at_exit)


def watched() -> tuple[Lives, ...]:
    """Those that are told."""
    return tuple(_open)


def unwatch(run: Lives) -> None:
    """Stop telling `run`."""
    if run in _open:
        _open.remove(run)


def exit_code(error: BaseException) -> int:
    """What the process exits with if `error` ends it."""
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, SystemExit):
        if error.code is None:
            return 0
        return error.code if isinstance(error.code, int) else 1
    return 1


def _install() -> None:
    global _installed  # noqa: PLW0603  # the hooks belong to the process
    if not _installed:
        _installed = True
        os.register_at_fork(after_in_child=_in_child)
        _wrap_exit()
        _wrap_excepthook()
    main = threading.current_thread() is threading.main_thread()
    if main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminate)


def _terminate(signum: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001  # as signals want
    global _ending  # noqa: PLW0603
    _ending = Terminated(TERMINATED).with_traceback(_stack(frame))
    raise Terminated(TERMINATED)


def _stack(frame: FrameType | None) -> TracebackType | None:
    """The calls that led to a frame; Python keeps none of an exit that nobody has caught."""
    trace: TracebackType | None = None
    while frame is not None:
        trace = TracebackType(trace, frame, frame.f_lasti, frame.f_lineno)
        frame = frame.f_back
    return trace


def _wrap_exit() -> None:
    """`sys.exit` and `exit` are the only trace that an exit code leaves for `atexit`."""
    original = sys.exit

    def leave(status: Any = None, /) -> NoReturn:
        try:
            original(status)
        except SystemExit as ending:
            _leaves(ending, sys._getframe(1))  # noqa: SLF001  # as `traceback` itself does
            raise

    sys.exit = leave
    quitter = type(getattr(builtins, "exit", None))
    if quitter.__name__ == "Quitter":  # that of `site`, which is no function: it has a repr to show
        call = quitter.__call__

        def quit_(self: object, code: Any = None) -> NoReturn:
            try:
                call(self, code)
            except SystemExit as ending:
                _leaves(ending, sys._getframe(1))  # noqa: SLF001
                raise
            raise AssertionError("exit() came back")

        quitter.__call__ = quit_  # type: ignore[method-assign]


def _leaves(ending: SystemExit, caller: FrameType) -> None:
    """Somebody wants the process to exit; in other threads it is that thread which ends."""
    global _ending  # noqa: PLW0603
    if threading.current_thread() is not threading.main_thread():
        return
    _ending = SystemExit(ending.code).with_traceback(_stack(caller))
    # `except Exception: ...; sys.exit(1)`, as in torch's spawned workers: the exception at hand is
    # why, and nobody will see it again
    why = ending.__context__
    if exit_code(ending) and isinstance(why, Exception | KeyboardInterrupt):
        for run in _open[:]:
            run.ended_by(why)


def _wrap_excepthook() -> None:
    original, in_thread = sys.excepthook, threading.excepthook

    def hook(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        for run in _open[:]:
            run.ended_by(error)
        original(kind, error, traceback)

    def thread_hook(args: threading.ExceptHookArgs) -> None:
        if _open and args.exc_value is not None:
            logging.getLogger("threading").error(
                "An exception ended thread %s.",
                args.thread.name if args.thread else "?",
                exc_info=args.exc_value,
            )
        in_thread(args)

    sys.excepthook, threading.excepthook = hook, thread_hook


def _at_exit() -> None:
    for run in reversed(_open[:]):
        run.exit(_ending)


def _in_child() -> None:
    for run in _open:
        run.forked()
    _open.clear()
