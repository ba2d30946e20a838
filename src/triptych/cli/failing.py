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
        typer.Exit: With code 1, in place of ImportError, LookupError, OSError and ValueError.
        BrokenPipeError: Whoever reads the output has enough; that ends a command without a word.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except (ImportError, LookupError, OSError, ValueError) as error:
        tell(error)
        raise typer.Exit(1) from None


def tell(error: Exception) -> None:
    """Say on one line what is wrong."""
    from rich.text import Text

    # the text of a KeyError is quoted, for it is meant to be a key
    words = error.args[0] if isinstance(error, KeyError) and error.args else error
    console().print(Text.assemble(("error: ", "bold red"), str(words)))
