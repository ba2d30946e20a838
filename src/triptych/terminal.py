"""What a person at the terminal sees: lines, the progress bar, the closing table."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from triptych.pipeline.clock import StepClock
from triptych.printable import printable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live


_TRAIN = "train/"


@cache
def console() -> Console:
    """The one console on standard error: lines printed through it stay clear of the bar."""
    from rich.console import Console

    class Screen(Console):
        """Goes on when the terminal was closed, or a pipe has ended: rich would raise, or exit."""

        def _check_buffer(self) -> None:
            try:
                super()._check_buffer()
            except (OSError, ValueError):
                self.on_broken_pipe()

        def on_broken_pipe(self) -> None:
            """Nobody reads any more."""
            del self._buffer[:]

    return Screen(stderr=True, highlight=False, soft_wrap=True)


class ConsoleHandler(logging.Handler):
    """Prints lines on standard error; on a terminal in colour, and the bar has the numbers."""

    _STYLES = ((logging.ERROR, "bold red"), (logging.WARNING, "yellow"), (logging.INFO, ""))

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record; called on the text panel's worker."""
        from rich.text import Text

        style = next((look for level, look in self._STYLES if record.levelno >= level), "dim")
        # sys.stderr may have been replaced since (by a test, a notebook): ask for it each time
        screen, text = console(), self.format(record)
        with suppress(OSError, ValueError):  # nobody reads standard error any more
            if not screen.is_terminal:
                print(text, file=sys.stderr)  # noqa: T201
            elif not hasattr(record, "numbers"):
                screen.print(Text(text, style=style))


@dataclass(eq=False)
class Progress:
    """One pass over batches.

    Attributes:
        total: How many there are; None when nobody knows.
        done: How many are behind us.
        started: When it began, `time.monotonic` seconds.
    """

    total: int | None
    done: int = 0
    started: float = field(default_factory=time.monotonic)


@dataclass
class Bar:
    """The progress bar of `run.epochs` and `run.steps`; nothing where there is no terminal.

    The loop only writes a few attributes; a thread of rich draws them five times a second.

    Attributes:
        numbers: Gives the newest numbers by path.
    """

    clock: StepClock
    shown: bool
    numbers: Callable[[], Mapping[str, float]] = dict
    epochs: int | None = None
    _passes: list[Progress] = field(default_factory=list)
    _live: Live | None = None

    def begin(self, total: int | None) -> Progress:
        """Begin a pass over `total` batches, perhaps within another; None: nobody knows how many.

        The caller counts in what it gets back, and hands it to `end`.
        """
        progress = Progress(total)
        self._passes.append(progress)
        if self.shown and self._live is None and console().is_terminal:
            from rich.live import Live

            self._live = Live(self, console=console(), refresh_per_second=5, transient=True)
            self._live.start()
        return progress

    def end(self, progress: Progress) -> None:
        """End a pass; the bar shows the one around it again, or goes away."""
        if self._passes == [progress]:
            self.stop()
        elif progress in self._passes:
            self._passes.remove(progress)

    def stop(self) -> None:
        """Take the bar away."""
        if self._live is not None:
            self._live.stop()  # draws it once more
            self._live = None
        self._passes.clear()

    def leave(self) -> None:
        """Forget the bar without a word: this is a forked child, and the parent draws it."""
        self.shown, self._live = False, None

    def __rich__(self) -> RenderableType:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        # the loop may end a pass while this is drawn
        now = next(reversed(self._passes), None) or Progress(None)
        rate = now.done / max(time.monotonic() - now.started, 1e-9)
        left = (now.total - now.done) / rate if now.total and rate else None
        epoch = self.clock.epoch
        words = [f"step {self.clock.step}", self.clock.phase]
        if epoch is not None:
            words.insert(0, f"epoch {epoch + 1}" + (f"/{self.epochs}" if self.epochs else ""))
        words += [f"{now.done}/{now.total or '?'}", f"{rate:.1f}/s"]
        if left is not None:
            words.append(f"{left:.0f} s left")
        grid = Table.grid(padding=(0, 1))
        grid.add_column(width=12)
        grid.add_column(no_wrap=True)
        bar = ProgressBar(total=now.total, completed=now.done, width=12)
        # as Text: in a str, rich takes brackets for markup
        grid.add_row(bar, Text(printable(" · ".join([*words, *self._newest()]), lines=False)))
        return grid

    def _newest(self) -> list[str]:
        """The newest training numbers, losses first; what has no room on the line is cut."""
        numbers = self.numbers()
        paths = [path for path in numbers if path.startswith(_TRAIN)]
        paths.sort(key=lambda path: "loss" not in path)
        return [f"{path.removeprefix(_TRAIN)} {numbers[path]:.4g}" for path in paths]


def prepare_table() -> None:
    """Load what `print_table` needs.

    Loaded while Python ends after a Ctrl-C, it would make Python forget that it was one (3.11).
    """
    for name in ("console", "text"):
        import_module(f"rich.{name}")


def print_table(title: str, rows: Iterable[tuple[str, str]]) -> None:
    """Print two columns on standard error; lines stay whole, so that commands can be copied."""
    from rich.text import Text

    rows = [(printable(name, lines=False), printable(value)) for name, value in rows]
    width = max((len(name) for name, _ in rows), default=0)
    lines = [Text.assemble((f"{name:<{width}}", "bold cyan"), f"  {value}") for name, value in rows]
    # in one call: a notebook sets each apart
    console().print(Text(printable(title, lines=False), style="bold"), *lines, sep="\n")
