"""Where a run came from: what ran, on what, from which commit. Secrets are masked here."""

from __future__ import annotations

import getpass
import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from triptych.archive import machine, sources
from triptych.archive.plain import JSON
from triptych.archive.secrets import mask_argv, mask_url
from triptych.archive.seeds import known_seeds

if TYPE_CHECKING:
    from importlib.metadata import Distribution

_PACKAGES = (
    "triptych",
    "numpy",
    "torch",
    "lightning",
    "pytorch-lightning",
    "transformers",
    "accelerate",
    "wandb",
    "rerun-sdk",
)


def collect(folder: Path | None = None) -> dict[str, JSON]:
    """Describe this process, its machine and its sources.

    Takes well under 150 ms on a local disk, imports no framework, and never raises.

    Args:
        folder: Is made, and gets `changes.patch`, `script.py` and `requirements.txt`; None keeps
            nothing.

    Returns:
        `command` (arguments with the interpreter, secrets masked), `folder`, `script` (path, None
        where there is no file), `pid`, `user`, `started` (now, ISO 8601 with time zone), `python`,
        `platform`, `host`, `packages` (name to version of the most important; `requirements.txt`
        has all), `cpu` (`model`, `cores`, `threads`), `memory` (bytes), `accelerators`,
        `scheduler`, `container`, `seeds` (as `archive.seeds` tells them), `git` (as
        `archive.sources` tells it). A part that could not be told is absent, and `missing` says
        why.
    """
    parts: dict[str, Callable[[], JSON]] = {
        "command": lambda: list(mask_argv(sys.orig_argv)),
        "folder": os.getcwd,
        "script": lambda: None if (script := sources.script()) is None else str(script),
        "pid": os.getpid,
        "user": getpass.getuser,
        "started": lambda: datetime.now(UTC).astimezone().isoformat(timespec="milliseconds"),
        "python": platform.python_version,
        "platform": platform.platform,
        "host": platform.node,
        "packages": _packages,
        "cpu": machine.processor,
        "memory": machine.memory,
        "accelerators": machine.accelerators,
        "scheduler": machine.scheduler,
        "container": machine.container,
        "seeds": known_seeds,
        "git": lambda: sources.describe(folder),
    }
    if folder is not None:
        parts = {"copies": lambda: _keep(folder), **parts}  # first: it makes the folder
    found: dict[str, JSON] = {}
    missing: dict[str, JSON] = {}
    for name, part in parts.items():
        try:
            found[name] = part()
        except Exception as error:  # noqa: BLE001  # no description is worth a training
            missing[name] = mask_url(f"{type(error).__name__}: {error}")
    return {**found, "missing": missing}


def _keep(folder: Path) -> list[JSON]:
    """Copy the script, and write down every installed package; give the names of the files."""
    from importlib.metadata import distributions

    folder.mkdir(mode=0o700, exist_ok=True)
    lines = sorted(
        set(map(_requirement, distributions())), key=lambda line: line.lower().lstrip("# ")
    )
    requirements = folder / "requirements.txt"
    requirements.write_text("\n".join([*lines, ""]))
    requirements.chmod(0o600)
    copy = sources.keep_script(folder)
    return [f"{folder.name}/{name}" for name in (requirements.name, copy) if name]


def _requirement(package: Distribution) -> str:
    """A package as pip installs it again; one from a folder of this machine is only told of."""
    about = package.metadata  # read at each call
    name, pin = about["Name"], f"{about['Name']}=={about['Version']}"
    origin = json.loads(package.read_text("direct_url.json") or "{}")
    url = mask_url(origin.get("url", ""))
    if url.startswith("file:"):
        return f"# {pin} from {url}"
    if vcs := origin.get("vcs_info"):
        return f"{name} @ {vcs['vcs']}+{url}@{vcs['commit_id']}"
    return f"{name} @ {url}" if url else pin


def _packages() -> dict[str, JSON]:
    from importlib.metadata import PackageNotFoundError, version

    versions: dict[str, JSON] = {}
    for name in _PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions
