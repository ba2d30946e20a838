"""`triptych show`: one run, from the command that started it to the traceback that ended it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from triptych.archive.names import safe_name
from triptych.cli.facts import facts
from triptych.cli.failing import told
from triptych.cli.looks import (
    Row,
    block,
    clock,
    duration,
    number,
    pairs,
    screen,
    status_text,
    table,
)
from triptych.cli.options import ROOT, AsJson, OneRun, Root
from triptych.commands import short
from triptych.nested import flatten
from triptych.printable import printable
from triptych.terminal import console

if TYPE_CHECKING:
    from rich.console import RenderableType

_MOST_NUMBERS = 30
_MOST_EVENTS = 20
_ENDS = ("least", "greatest")


def show(
    run: OneRun = "latest",
    lines: Annotated[int, typer.Option(min=0, help="Of train.log, the last ones.")] = 10,
    root: Root = ROOT,
    as_json: AsJson = False,
) -> None:
    """Tell the whole story of a run: what made it, what came of it, and how it ended.

    A run that goes on, or was killed, is read as far as it has come.
    """
    with told(), console().status("Reading the run"):
        from triptych.archive.account import account
        from triptych.archive.find import find_run
        from triptych.archive.plain import plain

        story = account(find_run(run, root), lines)
    if as_json:
        typer.echo(json.dumps(plain(story), indent=2))
        return
    out = screen()
    _print_headline(story)
    config = [(name, str(value)) for name, value in flatten(story["config"])]
    # what went wrong comes last, where the eye is when the command has ended
    for title, content in {
        "": pairs(facts(story)),
        "Config": pairs(config),
        "Attempts": pairs(_attempts(story["attempts"])),
        "Numbers": _numbers(story),
        "Checkpoints": pairs(_saved(story, "checkpoints")),
        "Artifacts": pairs(_saved(story, "artifacts")),
        "Panels": pairs(_panels(story)),
        "Events": pairs(_events(story["events"])),
        "Log": block(story["log"]),
        "Error": block(_traceback(story)),
    }.items():
        if content is not None:
            out.print(f"\n{title}" if title else "", style="bold")
            out.print(content)


def _print_headline(story: Mapping[str, Any]) -> None:
    from rich.text import Text

    step = "" if story["step"] is None else f" at step {story['step']:,}"
    took = duration(story["seconds"])
    how = Text.assemble(status_text(story["status"]), step, f" after {took}" if took else "")
    name = printable(f"{story['project']}/{story['id']}", lines=False)
    screen().print(Text(name, style="bold"), how, sep="\n")


def _attempts(attempts: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    if len(attempts) > 1:
        for entry in attempts:
            step = "" if entry.get("step") is None else f"at step {entry['step']:,}"
            error = entry.get("error") or ""
            words = [str(entry.get("status")), step, f"began {clock(entry.get('started'))}", error]
            yield str(entry.get("attempt")), " · ".join(filter(None, words))


def _numbers(story: Mapping[str, Any]) -> RenderableType | None:
    """What the recording has; where there is none, the newest that run.json knows."""
    from triptych.archive.course import main_paths

    numbers = story["numbers"] or {
        path: {"count": 1, "last": {"value": value}} for path, value in story["metrics"].items()
    }
    shown = main_paths(numbers)[:_MOST_NUMBERS]
    rows = []
    for path in shown:
        course = numbers[path]
        ends = [_end(course[end]) for end in _ENDS] if course["count"] > 1 else [""] * len(_ENDS)
        rows.append((path, number(course["last"]["value"]), *ends))
    if len(numbers) > len(shown):
        rows.append((f"{len(numbers) - len(shown)} more with --json", *[""] * (1 + len(_ENDS))))
    return table(("", "last", *_ENDS), rows) if rows else None


def _end(point: Mapping[str, Any] | None) -> str:
    return "" if point is None else f"{number(point['value'])} at {point['step']:,}"


def _saved(story: Mapping[str, Any], kind: str) -> Iterator[Row]:
    for entry in story.get(kind) or []:
        step = f"step-{entry['step']}"
        scores = [f"{name} {number(one)}" for name, one in (entry.get("metrics") or {}).items()]
        names = [name for name in entry.get("aliases") or [] if name != step]
        path, folder = Path(entry["path"]), Path(story["folder"])
        copy = folder / "artifacts" / safe_name(entry["name"]) / step / path.name
        found = copy if copy.exists() and not path.exists() else path
        inside = found.is_relative_to(folder)
        place = str(found.relative_to(folder)) if inside else short(str(found))
        gone = "" if found.exists() else "gone"
        yield f"step {entry['step']:,}", " · ".join(filter(None, [place, *scores, *names, gone]))


def _panels(story: Mapping[str, Any]) -> Iterator[Row]:
    totals = story.get("totals") or {}
    for name, sink in (totals.get("sinks") or {}).items():
        shed = [f"{sum(paths.values()):,} {reason}" for reason, paths in sink["shed"].items()]
        lost = f"shed: {', '.join(shed)}" if shed else "none shed"
        yield name, f"{sink['delivered']:,} delivered, {lost}"
    for what in ("rejected", "nonfinite"):
        if paths := totals.get(what):
            yield what, ", ".join(f"{path} ({count})" for path, count in paths.items())
    if "overhead" in story:
        yield "logging took", f"{story['overhead']:.2%} of the time"


def _events(events: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    if len(events) > _MOST_EVENTS:
        yield "…", f"{len(events) - _MOST_EVENTS} earlier ones with --json"
    for event in events[-_MOST_EVENTS:]:
        yield f"step {event['step']:,}", event["text"]


def _traceback(story: Mapping[str, Any]) -> list[str]:
    """That of the last attempt, or what a killed process has left of one."""
    attempts, errors = story["attempts"], story["errors"]
    found = attempts[-1].get("traceback") if attempts else None
    if not found and story["status"] == "killed" and errors:
        found = errors[-1]["text"]
    return str(found or "").splitlines()
