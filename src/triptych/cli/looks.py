"""How commands show runs: the screen, tables, the colour of a status, times, numbers."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from triptych.printable import printable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

Row: TypeAlias = tuple[str, str]
"""A name, and what is said of it."""

_COLOURS = {"finished": "green", "running": "cyan", "interrupted": "yellow"}
_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
_PIPE = 10_000  # columns: whoever reads a pipe wants whole lines


def screen() -> Console:
    """Standard output; what is not a terminal gets whole lines, however long."""
    from rich.console import Console

    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=_PIPE)


def pairs(rows: Iterable[Row]) -> RenderableType | None:
    """Names and what is said of them below each other, set in; None where there are none."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="cyan")
    grid.add_column(overflow="fold")
    for name, said in rows:
        grid.add_row(Text(printable(name, lines=False)), Text(printable(said)))
    return Padding(grid, (0, 0, 0, 2), expand=False) if grid.row_count else None


def table(
    titles: Sequence[str],
    rows: Iterable[Sequence[str | Text]],
    *,
    left: Container[str] = (),
    whole: bool = False,
) -> RenderableType:
    """Columns with a title each, set in.

    Args:
        titles: The first column has the names.
        rows: A cell for each title, or fewer.
        left: Columns that stand left, besides the first; the others hold numbers.
        whole: Whether names are never broken, so that they can be copied.
    """
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    found = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for place, title in enumerate(titles):
        found.add_column(
            title,
            style="" if place else "cyan",
            justify="left" if title in left or not place else "right",
            overflow="fold",
            no_wrap=whole and not place,
        )
    for row in rows:
        cells = [Text(printable(cell)) if isinstance(cell, str) else cell for cell in row]
        found.add_row(*cells)
    return Padding(found, (0, 0, 0, 2), expand=False)


def block(lines: Sequence[str]) -> RenderableType | None:
    """Lines as they are, set in; None where there are none."""
    from rich.padding import Padding
    from rich.text import Text

    return Padding(Text(printable("\n".join(lines))), (0, 0, 0, 2), expand=False) if lines else None


def status_text(status: str) -> Text:
    """A status in the colour that it has everywhere; what went wrong is red."""
    from rich.text import Text

    return Text(printable(status, lines=False), style=_COLOURS.get(status, "red"))


def clock(text: object) -> str:
    """A time of run.json as a person reads it."""
    try:
        return datetime.fromisoformat(str(text)).strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return ""


def duration(seconds: float | None) -> str:
    """The two largest units, such as "2 h 5 min"; "" where nobody knows."""
    if seconds is None:
        return ""
    if seconds < 10:  # noqa: PLR2004  # below that, a tenth tells
        return f"{seconds:.1f} s"
    left = round(seconds)
    parts: list[str] = []
    for name, size in _UNITS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count} {name}" if count else "")
    return " ".join(filter(None, parts[:2]))


def count(number: int, what: str) -> str:
    """So many of something, such as "1 line" or "2,000 lines"."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def number(value: object) -> str:
    """A number as a person reads it; what is none as it is."""
    return f"{value:.5g}" if isinstance(value, int | float) else str(value)
