"""Tables of figures, for the terminal and for README.md, where nobody types them."""

from __future__ import annotations

import argparse
import os
import platform
import re
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent


@dataclass
class Report:
    """A table, and what there is to say about it.

    Attributes:
        headings: Of the columns; the first one holds words, the others figures.
        rows: Their cells.
        remarks: Sentences below it.
    """

    headings: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def show(self) -> None:
        """Print it."""
        from rich.console import Console
        from rich.table import Table

        table = Table()
        for place, heading in enumerate(self.headings):
            table.add_column(heading, justify="right" if place else "left")
        for cells in self.rows:
            table.add_row(*cells)
        console = Console(width=180, soft_wrap=True)
        console.print(table)
        for remark in self.remarks:
            console.print(remark)

    def markdown(self) -> str:
        """The same for README.md."""
        rules = ("---", *("---:" for _ in self.headings[1:]))
        lines = [f"| {' | '.join(cells)} |" for cells in (self.headings, rules, *self.rows)]
        return "\n".join([*lines, "", *(f"- {remark}" for remark in self.remarks)])

    def publish(self, name: str, folder: Path = HERE) -> None:
        """Put it into a folder's README.md, between two comments that hold its name.

        Raises:
            ValueError: If they are not there, each on a line of its own.
        """
        readme = folder / "README.md"
        text = readme.read_text(encoding="utf-8")
        place = re.compile(rf"(?s)(?<=<!-- {name}: begin -->\n).*?(?=<!-- {name}: end -->\n)")
        if len(place.findall(text)) != 1:
            raise ValueError(f"{readme} has no lines <!-- {name}: begin --> and <!-- … end -->.")
        readme.write_text(place.sub(lambda _: f"\n{self.markdown()}\n\n", text), encoding="utf-8")


def add_publish(parser: argparse.ArgumentParser) -> None:
    """Let a script put its figures where they are read, if asked to."""
    parser.add_argument(
        "--publish",
        nargs="?",
        const=HERE,
        type=Path,
        metavar="FOLDER",
        help="write the figures into the README.md of this folder, or of another",
    )


def machine(*packages: str) -> str:
    """What the figures were taken on, and how busy it was before."""
    load = os.getloadavg()[0]
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    return (
        f"{os.cpu_count()} processors ({_processor()}), load {load:.1f} before; "
        f"Python {platform.python_version()}, {versions}."
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.+)", cpuinfo.read_text()) if cpuinfo.exists() else None
    return found[1] if found else platform.machine()
