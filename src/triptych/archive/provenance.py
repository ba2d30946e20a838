"""Where a run came from: what ran, on what, from which commit. Secrets are masked here."""

from __future__ import annotations

import getpass
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from triptych.archive.plain import JSON
from triptych.archive.secrets import mask_argv, mask_url

if TYPE_CHECKING:
    import git

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
_GIT_DEADLINE = 1.0  # seconds; in a large checkout on a network disk git looks at every file


def collect() -> dict[str, JSON]:
    """Describe this process, its machine and its sources.

    Takes well under 150 ms on a local disk, imports no framework, and never raises.

    Returns:
        `command` (arguments with the interpreter, secrets masked), `folder`, `script` (path, None
        where there is no file), `pid`, `user`, `started` (now, ISO 8601 with time zone), `python`,
        `platform`, `host`, `packages` (name to version of those installed), `cpu` (`model`,
        `cores`, `threads`), `memory` (bytes), `git` (`commit`, `branch` or None, `remote` or None,
        `dirty`: None if git took too long). A part that could not be told is absent, and `missing`
        says why.
    """
    parts: dict[str, Callable[[], JSON]] = {
        "command": lambda: list(mask_argv(sys.orig_argv)),
        "folder": os.getcwd,
        "script": lambda: None if (script := _script()) is None else str(script),
        "pid": os.getpid,
        "user": getpass.getuser,
        "started": lambda: datetime.now(UTC).astimezone().isoformat(timespec="milliseconds"),
        "python": platform.python_version,
        "platform": platform.platform,
        "host": platform.node,
        "packages": _packages,
        "cpu": _cpu,
        "memory": _memory,
        "git": _git,
    }
    found: dict[str, JSON] = {}
    missing: dict[str, JSON] = {}
    for name, part in parts.items():
        try:
            found[name] = part()
        except Exception as error:  # noqa: BLE001  # no description is worth a training
            missing[name] = mask_url(f"{type(error).__name__}: {error}")
    return {**found, "missing": missing}


def _script() -> Path | None:
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    return None if file is None else Path(file).resolve()


def _packages() -> dict[str, JSON]:
    from importlib.metadata import PackageNotFoundError, version

    versions: dict[str, JSON] = {}
    for name in _PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def _cpu() -> dict[str, JSON]:
    import psutil

    return {
        "model": _cpu_model(),
        "cores": psutil.cpu_count(logical=False),
        "threads": psutil.cpu_count(),
    }


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")  # Linux tells it nowhere else
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory() -> int:
    import psutil

    return int(psutil.virtual_memory().total)


def _git() -> dict[str, JSON]:
    import git

    script = _script()
    # A script of an environment (pytest, torchrun) may lie in no checkout or in another's.
    start = Path.cwd() if script is None or _is_installed(script) else script.parent
    with git.Repo(start, search_parent_directories=True) as repo:
        return {
            "commit": repo.head.commit.hexsha,
            "branch": None if repo.head.is_detached else repo.active_branch.name,
            "dirty": _is_dirty(repo),
            "remote": mask_url(next(repo.remotes[0].urls)) if repo.remotes else None,
        }


def _is_dirty(repo: git.Repo) -> bool | None:
    from git import GitCommandError

    deadline = None if os.name == "nt" else _GIT_DEADLINE  # GitPython has none on Windows
    try:
        return bool(
            repo.git.status("--porcelain", untracked_files="no", kill_after_timeout=deadline)
        )
    except GitCommandError:
        return None


def _is_installed(script: Path) -> bool:
    return script.is_relative_to(Path(sys.prefix).resolve())
