"""`triptych`: the commands, gathered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

import triptych
from triptych.cli.compare import compare
from triptych.cli.demo import demo
from triptych.cli.doctor import doctor
from triptych.cli.export import export
from triptych.cli.importing import import_
from triptych.cli.ls import ls
from triptych.cli.prune import prune
from triptych.cli.repair import repair
from triptych.cli.rm import rm
from triptych.cli.screenshot import screenshot
from triptych.cli.show import show
from triptych.cli.sync import sync
from triptych.cli.view import view

app = typer.Typer(
    name="triptych",
    help="One run, three panels: numbers in W&B, pictures in Rerun, words in Python logging.",
    no_args_is_help=True,
    rich_markup_mode="markdown",  # else the lines of a docstring stay as long as they are
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_COMMANDS: dict[str, dict[str, Callable[..., None]]] = {
    "Begin": {"demo": demo, "doctor": doctor},
    "Look": {
        "ls": ls,
        "show": show,
        "view": view,
        "compare": compare,
        "screenshot": screenshot,
    },
    "Carry": {"sync": sync, "export": export, "import": import_},
    "Tidy": {"repair": repair, "rm": rm, "prune": prune},
}
"""By the panel of `triptych --help` that lists them, in its order."""

for _panel, _commands in _COMMANDS.items():
    for _name, _command in _commands.items():
        app.command(_name, rich_help_panel=_panel)(_command)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"triptych {triptych.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Say which it is."),
    ] = False,
) -> None:
    """Read the options before the command."""


def main() -> None:
    """Run the command line."""
    app()
