"""`triptych`: the commands, gathered."""

from __future__ import annotations

import typer

app = typer.Typer(
    name="triptych",
    help="One run, three panels: numbers in W&B, pictures in Rerun, words in Python logging.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def _root() -> None:
    """Keep `triptych` a group of commands, however few there are."""


def main() -> None:
    """Run the command line."""
    app()
