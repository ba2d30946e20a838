"""How a command fails: one line on standard error that says what is wrong, and exit code 1."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from triptych.terminal import console


@contextmanager
def told() -> Iterator[None]:
    """Tell of an error that a person can do something about, without a traceback.

    Raises:
        typer.Exit: With code 1, in place of ImportError, KeyError, OSError and ValueError.
    """
    from rich.text import Text

    try:
        yield
    except (ImportError, KeyError, OSError, ValueError) as error:
        # the text of a KeyError is quoted, for it is meant to be a key
        words = error.args[0] if isinstance(error, KeyError) and error.args else error
        console().print(Text.assemble(("error: ", "bold red"), str(words)))
        raise typer.Exit(1) from None
