"""`triptych doctor`: is this machine ready?"""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from triptych.cli.options import ROOT, AsJson, Root
from triptych.printable import printable
from triptych.terminal import console

if TYPE_CHECKING:
    from triptych.doctor.finding import Finding

_LOOKS = {"green": ("ok", "green"), "yellow": ("note", "yellow"), "red": ("FAIL", "red")}
_LEVEL, _SUBJECT = 6, 12  # columns
_DRY_RUN = "a dry run of 200 steps"


def doctor(
    root: Root = ROOT,
    rate: Annotated[
        float, typer.Option(min=1e-3, help="Steps per second, to tell the bytes per hour.")
    ] = 10.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run/--no-dry-run", help="Whether to log 200 steps for a try.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Say whether this machine is ready, and for each fault how to mend it.

    Looks at versions, folders, ranks, W&B and the viewer; then logs 200 steps to every sink, in a
    folder that is gone afterwards, and reads them back. Asks nothing, and uploads nothing. Exits
    with 1 if something fails.
    """
    from triptych.doctor.dry_run import DryRun

    dry = DryRun(root, rate)
    checks = _checks(root)
    if dry_run:
        checks[_DRY_RUN] = dry.check
    findings: list[Finding] = []
    for title, check in checks.items():
        if title == _DRY_RUN and not as_json:
            typer.echo(f"\n{title}")
        with console().status(title):
            found = check()
        findings += found
        if not as_json:
            for finding in found:
                _print(finding)
    levels = Counter(str(finding.level) for finding in findings)
    if as_json:
        told = {
            "ready": not levels["red"],
            "findings": [asdict(finding) for finding in findings],
            "dry_run": asdict(dry.report) if dry.report else None,
        }
        typer.echo(json.dumps(told, indent=2))
    else:
        _conclude(levels)
    if levels["red"]:
        raise typer.Exit(1)


def _checks(root: Path) -> dict[str, Callable[[], list[Finding]]]:
    """What is looked at, and what shows while it is."""
    from triptych.doctor.account import check_wandb
    from triptych.doctor.folders import check_folders
    from triptych.doctor.packages import check_packages
    from triptych.doctor.ranks import check_ranks
    from triptych.doctor.viewer import check_viewer

    return {
        "versions": check_packages,
        "folders": lambda: check_folders(root),
        "ranks": check_ranks,
        "W&B": check_wandb,
        "the viewer": check_viewer,
    }


def _print(finding: Finding) -> None:
    """One line, on a terminal broken below its own beginning."""
    label, colour = _LOOKS[finding.level]
    subject = printable(finding.subject, lines=False)
    plain = False if os.environ.get("NO_COLOR") else None  # unlike rich, typer does not ask
    bold = finding.level == "red"
    typer.secho(f"{label:<{_LEVEL}}", fg=colour, bold=bold, nl=False, color=plain)
    typer.echo(f"{subject:<{_SUBJECT}}{_broken(finding.what)}")
    if finding.fix:
        fix = f"{'':<{_LEVEL + _SUBJECT}}{_broken('fix: ' + finding.fix)}"
        typer.secho(fix, fg=colour, color=plain)


def _broken(text: str) -> str:
    text = printable(text, lines=False)
    if not sys.stdout.isatty():  # whoever reads lines wants them whole
        return text
    indent = " " * (_LEVEL + _SUBJECT)
    width = max(40, shutil.get_terminal_size().columns - len(indent))
    lines = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
    return f"\n{indent}".join(lines)


def _conclude(levels: Counter[str]) -> None:
    names = {level: label for level, (label, _) in _LOOKS.items()}
    names["yellow"] += "s" if levels["yellow"] > 1 else ""
    told = [f"{levels[level]} {name}" for level, name in names.items() if levels[level]]
    verdict = "not ready" if levels["red"] else "ready"
    typer.echo(f"\n{verdict}: {', '.join(told)}")
