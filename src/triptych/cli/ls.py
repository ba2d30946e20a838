"""`triptych ls`: the runs there are, the newest last."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from triptych.cli.failing import told

if TYPE_CHECKING:
    from triptych.archive.folder import RunFolder

_COLOURS = {"finished": "green", "running": "cyan", "interrupted": "yellow"}


def ls(
    root: Annotated[Path, typer.Option(help="Folder of all runs.")] = Path("runs"),
    as_json: Annotated[bool, typer.Option("--json", help="For machines: a list.")] = False,
) -> None:
    """List the runs: how each ended and where, its newest losses, its size on disk."""
    with told():
        from triptych.archive.find import all_runs

        rows = [_describe(folder) for folder in all_runs(root)]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    elif rows:
        _print(rows)
    else:
        typer.echo(f"there are no runs in {root}", err=True)


def _describe(folder: RunFolder) -> dict[str, Any]:
    told = folder.read_json()
    size = sum(file.lstat().st_size for file in folder.path.rglob("*") if not file.is_dir())
    return {
        "id": folder.id,
        "project": told.get("project"),
        "status": told.get("status"),
        "step": told.get("step"),
        "started": told.get("started"),
        "ended": told.get("ended"),
        "metrics": told.get("metrics") or {},
        "bytes": size,
    }


def _print(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.filesize import decimal
    from rich.table import Table
    from rich.text import Text

    from triptych.printable import printable

    names = [printable(f"{row['project']}/{row['id']}", lines=False) for row in rows]
    table = Table(box=None, header_style="bold")
    table.add_column("run", min_width=max(map(len, names)))  # whole, so that it can be copied
    for title in ("status", "step", "size", "losses"):
        table.add_column(title, no_wrap=title != "losses")
    for name, row in zip(names, rows, strict=True):
        losses = [
            f"{path} {value:.4g}"
            for path, value in row["metrics"].items()
            if "loss" in path and isinstance(value, int | float)
        ]
        status = str(row["status"])
        cells = [
            Text(name),
            Text(status, style=_COLOURS.get(status, "red")),
            Text("" if row["step"] is None else f"{row['step']:,}", justify="right"),
            Text(decimal(row["bytes"]), justify="right"),
            Text(printable(", ".join(losses[:2]), lines=False)),
        ]
        table.add_row(*cells)
    Console().print(table)
