"""`triptych`: the commands, gathered."""

from __future__ import annotations

import typer

from triptych.cli.export import export
from triptych.cli.importing import import_
from triptych.cli.ls import ls
from triptych.cli.repair import repair
from triptych.cli.screenshot import screenshot

app = typer.Typer(
    name="triptych",
    help="One run, three panels: numbers in W&B, pictures in Rerun, words in Python logging.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


app.command("export")(export)
app.command("import")(import_)
app.command("ls")(ls)
app.command("repair")(repair)
app.command("screenshot")(screenshot)


@app.callback()
def _root() -> None:
    """Keep `triptych` a group of commands, however few there are."""


def main() -> None:
    """Run the command line."""
    app()
