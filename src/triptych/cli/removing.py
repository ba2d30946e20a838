"""What `rm` and `prune` share: they show what would go, and remove it when they are told to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from triptych.cli.failing import told
from triptych.cli.looks import count, screen, status_text, table

if TYPE_CHECKING:
    from triptych.archive.folder import RunFolder


def carry_out(going: list[RunFolder], *, yes: bool, as_json: bool) -> None:
    """Remove runs, or show what that would take away.

    Args:
        going: The runs, which may be removed.
        yes: Whether to remove them.
        as_json: Whether to print a list for machines.

    Raises:
        typer.Exit: With code 1 if something cannot be removed.
    """
    from rich.filesize import decimal

    rows = [_describe(folder) for folder in going]
    if rows and not (yes or as_json):
        _show(rows)
    for folder in going if yes else ():
        with told():
            from triptych.archive.removal import remove

            remove(folder)
        if not as_json:
            typer.echo(f"removed {folder.path}")
    if as_json:
        typer.echo(json.dumps([{**row, "removed": yes} for row in rows], indent=2))
    elif not rows:
        typer.echo("nothing to remove")
    else:
        total = f"{count(len(rows), 'run')}, {decimal(sum(row['bytes'] for row in rows))}"
        typer.echo(f"{total} removed" if yes else f"\n{total} would go; --yes removes them")


def _describe(folder: RunFolder) -> dict[str, Any]:
    from triptych.archive.overview import overview
    from triptych.archive.unsynced import unsynced

    seen = overview(folder)
    return {
        "id": folder.id,
        "project": seen.project,
        "path": str(folder.path),
        "status": seen.status,
        "ended": seen.ended,
        "bytes": seen.bytes,
        "checkpoints": _checkpoints(folder),
        "unsynced": len(unsynced(folder)),
    }


def _checkpoints(folder: RunFolder) -> int:
    """How many saved models lie in the folder, as far as run.json knows them."""
    told = folder.read_json().get("checkpoints")
    entries = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    saved = {Path(str(one.get("path"))) for one in entries}
    return sum(path.is_relative_to(folder.path) and path.exists() for path in saved)


def _show(rows: list[dict[str, Any]]) -> None:
    from rich.filesize import decimal

    cells = [
        (
            row["id"],
            status_text(row["status"]),
            str(row["ended"] or "")[:10],
            decimal(row["bytes"]),
            "\n".join(_only_here(row)),
        )
        for row in rows
    ]
    titles = ("run", "status", "ended", "size", "holds")
    screen().print(table(titles, cells, left=("status", "holds"), whole=True))


def _only_here(row: dict[str, Any]) -> Iterator[str]:
    """What may exist nowhere else: models, and what W&B has not got."""
    if row["checkpoints"]:
        yield count(row["checkpoints"], "model")
    if row["unsynced"]:
        yield "unsent"
