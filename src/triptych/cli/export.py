"""`triptych export`: a run's numbers as a file for other programs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from triptych.cli.failing import told
from triptych.cli.looks import count
from triptych.cli.options import ROOT, OneRun, Root
from triptych.terminal import console


class Format(StrEnum):
    """What can be written."""

    CSV = "csv"
    PARQUET = "parquet"
    TENSORBOARD = "tensorboard"


def export(
    run: OneRun,
    to: Annotated[Format, typer.Option(help="What to write.")],
    output: Annotated[
        Path | None,
        typer.Option(help="File or folder to make; by default named after the run, here."),
    ] = None,
    root: Root = ROOT,
) -> None:
    """Write a run's numbers with all their times: attempts merged, each number once.

    CSV and Parquet: a row for each number. TensorBoard: pictures and texts as well.

    `triptych import` reads all three.
    """
    with told():
        from triptych.archive.export import EXPORTS
        from triptych.archive.reader import open_run

        reader = open_run(run, root=root)
        ending, write = EXPORTS[to]
        place = output or Path(f"{reader.id}{ending}")
        if place.exists():
            raise FileExistsError(f"{str(place)!r} exists; remove it, or pass another --output")
        place.parent.mkdir(parents=True, exist_ok=True)
        with (
            console().status(f"Writing {place}"),
            TemporaryDirectory(prefix=".export-", dir=place.parent) as half,
        ):
            whole = Path(half, place.name)
            write(reader, whole)
            whole.replace(place)
        numbers = count(sum(map(len, reader.curves.values())), "number")
        typer.echo(f"{place}: {numbers} at {count(len(reader.curves), 'path')}")
