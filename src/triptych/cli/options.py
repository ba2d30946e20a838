"""What several commands ask for: which runs, where they lie, and in which form to answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

ROOT = Path("runs")


def known_runs(context: typer.Context, incomplete: str) -> list[str]:
    """The runs that the shell offers where one has begun to type."""
    from triptych.archive.find import all_runs

    ids = [folder.id for folder in all_runs(context.params.get("root") or ROOT)]
    return [name for name in ("latest", *reversed(ids)) if name.startswith(incomplete)]


OneRun: TypeAlias = Annotated[
    str,
    typer.Argument(
        help='Run id, either end of one, run folder, or "latest".',
        metavar="RUN",
        autocompletion=known_runs,
    ),
]
_SEVERAL = typer.Argument(
    help='Ids, either end of one, run folders, or "latest".',
    metavar="RUN…",
    autocompletion=known_runs,
)
SeveralRuns: TypeAlias = Annotated[list[str], _SEVERAL]
AnyRuns: TypeAlias = Annotated[list[str] | None, _SEVERAL]
Root: TypeAlias = Annotated[Path, typer.Option(help="Folder of all runs.")]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="For machines.")]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Do it.")]
