"""The table of faults: what is done to a run, what it keeps and sheds, how long it is held up.

A test that has shown how a fault ends says so through the fixture `fault`. The table is printed
after the tests; `--fault-table FILE` also writes it, as Markdown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.markup import escape

from tests.support.held import Held

FAULTS = {
    "A sink misbehaves": {
        "raises": "A sink raises at every call",
        "raises-exit": "A sink raises SystemExit, KeyboardInterrupt or MemoryError",
        "interrupted-log": "Ctrl-C arrives within run.log",
        "hangs": "A sink hangs for ever",
        "slow": "A sink is a hundred times too slow",
        "writes-short": "A sink takes in half a batch, then raises",
        "missing": "A package is missing or broken, a sink cannot open",
        "wandb-killed": "W&B's own process is killed",
        "wandb-refuses": "W&B's server fails, stalls or is away at the start",
        "wandb-stalls": "W&B's server stalls in the middle and at the end",
        "viewer-away": "The Rerun viewer is away, is closed, comes back",
        "viewer-frozen": "The Rerun viewer freezes with much data on its way",
        "disk-full": "The disk is full",
        "folder-gone": "The run folder is read-only, or vanishes",
        "no-descriptors": "No file can be opened any more",
        "no-threads": "No thread can be started",
    },
    "The process ends, stops or splits": {
        "sigkill": "SIGKILL at any moment",
        "sigterm": "SIGTERM",
        "ctrl-c": "Ctrl-C, once and twice",
        "exception": "An exception that nobody catches",
        "exit": "sys.exit, os._exit, abort, a segmentation fault",
        "torn": "The end of a file is lost, as without power",
        "fork": "A fork while other threads log; DataLoader workers",
        "pickled": "Pickled, copied, spawned",
        "shutdown": "Logging from __del__, atexit and threads as Python ends",
        "late": "Logging after close; closed twice, from several threads",
        "forgotten": "A run that nobody closes",
        "two-runs": "Two runs in the same second, in one process",
        "out-of-memory": "The kernel kills a helper process for memory",
        "unread": "The terminal is closed, the pipe has no reader",
        "suspended": "The process is stopped for a while",
        "clock": "The clock is set back an hour and on a day",
        "again": "An event loop; a second run in the same process",
    },
    "Odd values, many values, many threads": {
        "odd-numbers": "NaN, infinities, the largest and the smallest numbers",
        "odd-types": "None, text, lists, dicts, objects as values",
        "tensors": "Tensors of every kind",
        "overwritten": "Training overwrites what it has logged",
        "odd-paths": "Odd paths",
        "many-paths": "Ten thousand paths, a new one each step",
        "odd-steps": "Steps that repeat, go back and leave gaps",
        "large": "A picture of 100 MB, a text of 100,000 characters",
        "threads": "Eight threads log, some of them into the close",
        "reentrant": "Logging from handlers, signals, finalisers and the collector",
        "dict-config": "logging.config.dictConfig while lines are written",
        "callback": "A function of the user raises",
    },
    "Safety": {
        "escape": "Names that lead out of the run folder",
        "links": "Links that lead out of the run folder",
        "secrets": "Secrets in config, command line, environment, git remote",
        "no-secrets": "Words that only look like secrets",
        "damaged": "A damaged journal, a recording that is none",
        "ports": "Ports open to others",
        "rights": "Files that others may read, with a umask of 000",
        "terminal": "Control characters in names and lines",
        "endless": "A configuration without end",
        "leftovers": "Files left elsewhere after a SIGKILL",
        "network": "No network at all",
    },
}
"""By family, then by the word that a test names it with."""

_LIMIT = 2.5
"""Seconds. What waits for a sink waits for many or for ever; a busy machine needs far less."""

_HEADINGS = ("Fault", "Kept", "Shed", "Training was held")
_WIDTH = 120

_PROPERTY = "fault"
"""Name of what a report of a test carries for each row, from whichever process ran it."""


@dataclass(frozen=True, slots=True)
class _Row:
    fault: str
    case: str
    kept: str
    shed: str
    held: float | None

    def cells(self, *, again: bool = False) -> tuple[str, str, str, str]:
        """As in the table; the fault itself is named unless it was in the row above."""
        what = next(rows[self.fault] for rows in FAULTS.values() if self.fault in rows)
        if self.case:
            what = f"… {self.case}" if again else f"{what}: {self.case}"
        held = "—" if self.held is None else f"{self.held * 1000:.1f} ms"
        return what, self.kept, self.shed, held


class Fault:
    """Takes down how a fault has ended; the fixture `fault`.

    While the test runs, the calls that log in this process are timed.
    """

    def __init__(self, properties: list[tuple[str, object]], held: Held) -> None:
        self._properties = properties
        self._held = held

    def __call__(
        self,
        fault: str,
        *,
        kept: str,
        shed: str = "nothing",
        case: str = "",
        held: float | None = 0.0,
    ) -> None:
        """Take down a row; the test has shown what it says.

        Args:
            fault: One of the words of `FAULTS`.
            kept: What was not lost.
            shed: What was.
            case: Which kind of the fault, where there are several.
            held: Seconds of the longest call that logs, in a child; those of this process are
                known. None where they say nothing.
        """
        assert any(fault in rows for rows in FAULTS.values()), fault
        if held is not None:
            held = max(held, self._held.longest)
            assert held < _LIMIT, f"a call of run.log took {held:.2f} s"
        self._properties.append((_PROPERTY, (fault, case, kept, shed, held or None)))


@pytest.fixture
def fault(request: pytest.FixtureRequest) -> Iterator[Fault]:
    """Takes down how a fault has ended."""
    held = Held()
    held.watch()
    yield Fault(request.node.user_properties, held)
    held.leave()


def pytest_addoption(parser: pytest.Parser) -> None:
    """An option for the table."""
    parser.addoption("--fault-table", metavar="FILE", help="write the table of faults, as Markdown")


def pytest_configure(config: pytest.Config) -> None:
    """Gather the rows."""
    config.pluginmanager.register(_Table(config))


class _Table:
    def __init__(self, config: pytest.Config) -> None:
        self._file: str | None = config.getoption("--fault-table")
        self._rows: list[_Row] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a test has taken down, here or in another process."""
        if report.when == "teardown":
            told: list[Any] = [row for name, row in report.user_properties if name == _PROPERTY]
            self._rows += [_Row(*row) for row in told]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table."""
        rows = _in_order(self._rows)
        if not rows:
            return
        terminalreporter.section("faults")
        terminalreporter.write(_as_text(rows))
        if self._file:
            Path(self._file).write_text(_as_markdown(rows), "utf-8")


def _in_order(rows: list[_Row]) -> list[_Row]:
    """As in `FAULTS`; what several parameters of a test say of one fault is one row."""
    order = [fault for faults in FAULTS.values() for fault in faults]
    found: dict[tuple[str, str], _Row] = {}
    for row in sorted(rows, key=lambda row: order.index(row.fault)):
        same = found.setdefault((row.fault, row.case), row)
        if row.held is not None and (same.held is None or row.held > same.held):
            found[row.fault, row.case] = replace(same, held=row.held)
    return list(found.values())


def _as_text(rows: list[_Row]) -> str:
    from rich.console import Console
    from rich.table import Table

    table = Table(*_HEADINGS, show_lines=True)
    above = ""
    for row in rows:
        table.add_row(*map(escape, row.cells(again=row.fault == above)))
        above = row.fault
    console = Console(file=StringIO(), width=_WIDTH)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def _as_markdown(rows: list[_Row]) -> str:
    lines = []
    for family, faults in FAULTS.items():
        mine = [row.cells() for row in rows if row.fault in faults]
        if mine:
            ruler = tuple("---" for _ in _HEADINGS)
            table = [f"| {' | '.join(cells)} |" for cells in (_HEADINGS, ruler, *mine)]
            lines += [f"## {family}", "", *table, ""]
    return "\n".join(lines)
