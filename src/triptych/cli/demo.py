"""`triptych demo`: one of the examples, on this machine."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

import triptych
from triptych.cli.failing import told
from triptych.cli.options import ROOT, Root
from triptych.commands import command


class Kind(StrEnum):
    """Whose training loop it is."""

    VANILLA = "vanilla"
    LIGHTNING = "lightning"
    HF = "hf"


@dataclass(frozen=True, slots=True)
class Example:
    """A script.

    Attributes:
        path: Below the folder of examples.
        modules: What it imports that Triptych alone does not bring.
        install: What brings them.
    """

    path: str
    modules: tuple[str, ...]
    install: str


EXAMPLES = {
    Kind.VANILLA: Example("vanilla/train_digits.py", ("torch", "sklearn"), "torch scikit-learn"),
    Kind.LIGHTNING: Example(
        "lightning/train_digits.py", ("lightning", "sklearn"), '"triptych[lightning]" scikit-learn'
    ),
    Kind.HF: Example(
        "hf/pictures.py",
        ("torch", "transformers", "accelerate", "sklearn"),
        '"triptych[hf]" torch scikit-learn',
    ),
}


def demo(
    kind: Annotated[Kind, typer.Argument(help="Whose training loop.")] = Kind.VANILLA,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Times through the data; by default enough.")
    ] = None,
    root: Root = ROOT,
) -> None:
    """Train a small network on handwritten digits, with no download and no account.

    Afterwards it says what to look at. W&B stays offline unless WANDB_MODE says otherwise.
    """
    example = EXAMPLES[kind]
    with told():
        script = _script(example)
    call = [sys.executable, str(script), "--root", str(root)]
    call += [] if epochs is None else ["--epochs", str(epochs)]
    code = _run(call)
    if code:
        raise typer.Exit(code)
    _say_what_next(script, root)


def _script(example: Example) -> Path:
    """Where it is: in the installed package, or beside the sources.

    Raises:
        ImportError: What it needs is not installed.
        FileNotFoundError: It is in neither place.
    """
    missing = [name for name in example.modules if find_spec(name) is None]
    if missing:
        raise ImportError(
            f"this demo needs {' and '.join(missing)}: {command('pip')} install {example.install}"
        )
    package = Path(triptych.__file__).parent
    for home in (package / "examples", package.parents[1] / "examples"):
        if (home / example.path).is_file():
            return home / example.path
    raise FileNotFoundError(f"the example {example.path!r} is not there; install triptych again")


def _run(call: list[str]) -> int:
    """Run it as if it had been typed; its exit code."""
    with subprocess.Popen(call, env={"WANDB_MODE": "offline", **os.environ}) as process:  # noqa: S603
        while True:
            try:
                code = process.wait()
            except KeyboardInterrupt:  # the terminal has told it too, and it ends the run
                continue
            return code if code >= 0 else 128 - code


def _say_what_next(script: Path, root: Path) -> None:
    here = "" if root == Path("runs") else f" --root {shlex.quote(str(root))}"
    lines = [
        ("the dashboard", f"{command('triptych')} view latest{here}"),
        ("the whole story", f"{command('triptych')} show latest{here}"),
        ("to W&B, with a key", f"{command('triptych')} sync latest{here}"),
        ("the program", str(script)),
    ]
    typer.echo("\nnext:")
    for what, how in lines:
        typer.echo(f"  {what:<19} {how}")
