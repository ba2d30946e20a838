"""`facts`: when and where a run was, and what made it, in a few words each."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from triptych.cli.looks import Row, clock
from triptych.commands import command, short
from triptych.nested import flatten

_COMMANDS = ("view", "repair")
_SHORT = 10  # letters of a commit


def facts(story: Mapping[str, Any]) -> Iterator[Row]:
    """What `archive.account` knows, without what is empty.

    Args:
        story: What it has returned.
    """
    from rich.filesize import decimal

    origin = story["attempts"][-1].get("provenance") or {} if story["attempts"] else {}
    doors = {name: how for name, how in (story.get("opens_with") or {}).items() if name != "rerun"}
    folder = short(story["folder"])
    ours = {name: f"{command('triptych')} {name} {shlex.quote(folder)}" for name in _COMMANDS}
    times = [clock(story[name]) for name in ("started", "ended") if story[name]]
    rows = {
        "name": ", ".join([story["name"], *(story.get("tags") or [])]),
        "group": story.get("group"),
        "notes": story.get("notes"),
        "time": " to ".join(times),
        "place": ":".join(str(origin[name]) for name in ("host", "folder") if name in origin),
        "command": shlex.join(map(str, origin.get("command") or [])),
        "code": _code(origin),
        "packages": ", ".join(_packages(origin)),
        "machine": ", ".join(_machine(origin)),
        "seeds": ", ".join(f"{name} {seed}" for name, seed in flatten(origin.get("seeds") or {})),
        "uses": ", ".join(_uses(origin.get("uses") or {})),
        **{name: origin.get(name) for name in ("imported from", "written by")},
        "files": f"{folder}, {decimal(story['bytes'])}",
        "repair": "" if story["whole"] else ours["repair"],
        "problem": story.get("problem"),
        "open rerun": ours["view"],
        **{f"open {name}": short(how) for name, how in doors.items()},
    }
    return ((name, str(said)) for name, said in rows.items() if said)


def _code(origin: Mapping[str, Any]) -> str:
    git = origin.get("git") or {}
    if "commit" not in git:
        why = (origin.get("missing") or {}).get("git")
        return f"unknown: {why.partition(': ')[2] or why}" if why else ""
    branch = f" on {git['branch']}" if git.get("branch") else ""
    change = ""
    if git.get("dirty"):
        change = f", changed: {git.get('patch') or git.get('why')}"
    elif git.get("dirty") is None:
        change = ", perhaps changed" + (f": {git['why']}" if git.get("why") else "")
    count = len(git.get("untracked") or [])
    unknown = f", {count} untracked" if count else ""
    return f"{git['commit'][:_SHORT]}{branch}{change}{unknown}"


def _uses(uses: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, about in uses.items():
        yield " ".join([name, *(str(about[key]) for key in ("version", "path") if key in about)])


def _packages(origin: Mapping[str, Any]) -> list[str]:
    packages = {"Python": origin.get("python"), **(origin.get("packages") or {})}
    return [f"{name} {version}" for name, version in packages.items() if version]


def _machine(origin: Mapping[str, Any]) -> Iterator[str]:
    cpu, devices = origin.get("cpu") or {}, origin.get("accelerators") or {}
    if cpu.get("model"):
        yield f"{cpu['model']} of {cpu.get('threads')} threads"
    yield from devices.get("gpus") or ()
    for name in ("driver", "cuda"):
        if name in devices:
            yield f"{name} {devices[name]}"
    yield from (f"{name}={value}" for name, value in (origin.get("scheduler") or {}).items())
    if origin.get("container"):
        yield f"container {origin['container']}"
