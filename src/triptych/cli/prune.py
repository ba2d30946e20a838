"""`triptych prune`: old or failed runs leave the disk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from triptych.cli.failing import told
from triptych.cli.options import ROOT, AsJson, Root, Yes
from triptych.cli.removing import carry_out
from triptych.pipeline.records import Status
from triptych.terminal import console

if TYPE_CHECKING:
    from triptych.archive.folder import RunFolder

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def prune(
    keep: Annotated[
        int | None,
        typer.Option(min=0, help="The newest N of each project stay in any case.", metavar="N"),
    ] = None,
    older_than: Annotated[
        str | None,
        typer.Option(help='Those that ended longer ago: "12h", "30d", "8w".', metavar="AGE"),
    ] = None,
    status: Annotated[
        list[Status] | None,
        typer.Option(
            help='Those that ended so: "failed", "killed"; may be repeated.', metavar="STATUS"
        ),
    ] = None,
    project: Annotated[str | None, typer.Option(help="Those of one project.")] = None,
    yes: Yes = False,
    root: Root = ROOT,
    as_json: AsJson = False,
) -> None:
    """Show which old or failed runs would go, and how large they are; with --yes, remove them.

    A run goes if all holds that is said. One that is still going on stays.
    """
    if keep is None and older_than is None and not status:
        raise typer.BadParameter("Say which: pass --keep, --older-than or --status.")
    before = None if older_than is None else datetime.now(UTC) - _age(older_than)
    with told():
        going = [
            folder
            for folder in _removable(root, keep or 0, project)
            if _answers(folder, set(status or Status), before)
        ]
    carry_out(going, yes=yes, as_json=as_json)


def _removable(root: Path, keep: int, project: str | None) -> Iterator[RunFolder]:
    """The runs that may go, but for the newest of each project."""
    from triptych.archive.find import all_runs
    from triptych.archive.names import safe_name
    from triptych.archive.removal import check_removable
    from triptych.archive.repair import StillRunning

    projects: dict[Path, list[RunFolder]] = {}
    for folder in all_runs(root):
        projects.setdefault(folder.path.parent, []).append(folder)
    for home, runs in projects.items():
        if project is not None and home.name != safe_name(project):
            continue
        runs.sort(key=lambda run: run.started())
        for folder in runs[: max(0, len(runs) - keep)]:
            try:
                check_removable(folder)
            except StillRunning:
                continue
            except ValueError as why:
                console().print(f"left alone: {why}", markup=False)
            else:
                yield folder


def _answers(folder: RunFolder, statuses: set[Status], before: datetime | None) -> bool:
    from triptych.archive.overview import overview

    seen = overview(folder)
    if seen.status not in statuses:
        return False
    if before is None:
        return True
    if seen.ended is not None:
        return datetime.fromisoformat(seen.ended) < before
    # killed: nobody wrote down when
    return max(file.stat().st_mtime for file in folder.path.iterdir()) < before.timestamp()


def _age(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,5})([hdw])", text.strip())
    if found is None:
        raise typer.BadParameter(
            f'{text!r} is no age such as "12h", "30d" or "8w".', param_hint="--older-than"
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
