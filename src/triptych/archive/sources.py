"""The sources of a run: commit, branch and remote, and what was changed since that commit."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from triptych.archive.plain import JSON
from triptych.archive.secrets import mask_text, mask_url

if TYPE_CHECKING:
    import git

DIFF_LIMIT = 10 * 2**20
"""Bytes of a diff that are kept; a larger one is left out, and `run.json` says so."""

_DEADLINE = 2.0  # seconds; in a large checkout on a network disk git looks at every file
_MOST_UNTRACKED = 1000


def script() -> Path | None:
    """The file that is run, or None in a notebook and the like."""
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    return None if file is None else Path(file).resolve()


def describe(folder: Path | None = None) -> dict[str, JSON]:
    """Describe the checkout that the script lies in, and keep what the commit does not have.

    Args:
        folder: Where `changes.patch` goes, a folder in the run folder; None keeps nothing.

    Returns:
        `commit`, `branch` or None, `remote` or None, `dirty` (None if git took too long). Where
        there are changes: `patch` (to be applied to the commit with `git apply
        --unidiff-zero`; None if there is none, and `why`), `masked` (lines in it in which a secret
        was masked), and `untracked` (up to 1000 files that git does not know; ignored ones and
        runs left out).

    Raises:
        git.GitError: If this is no checkout, or it has no commit.
    """
    import git

    with git.Repo(_start(), search_parent_directories=True) as repo:
        told: dict[str, JSON] = {
            "commit": repo.head.commit.hexsha,
            "branch": None if repo.head.is_detached else repo.active_branch.name,
            "remote": mask_url(next(repo.remotes[0].urls)) if repo.remotes else None,
            "dirty": None,
        }
        status = _ask(
            repo,
            "status",
            "--porcelain",
            "-z",
            "--untracked-files=all",
            "--",
            *_no_runs(repo, folder),
        )
        if status is None:
            return told
        lines = status.decode(errors="replace").split("\0")
        untracked = [line[3:] for line in lines if line.startswith("?? ")]
        told["dirty"] = any(line and not line.startswith("?? ") for line in lines)
        if untracked:
            told["untracked"] = list(untracked[:_MOST_UNTRACKED])
        if told["dirty"] and folder is not None:
            told.update(_keep_patch(repo, folder / "changes.patch"))
        return told


def _no_runs(repo: git.Repo, folder: Path | None) -> list[str]:
    """Paths to look at: all but those of runs, of which there are many and git needs none."""
    tree = Path(repo.working_dir).resolve()
    if folder is None:
        return ["."]
    project, root = folder.resolve().parents[1:3]
    runs = project if tree.is_relative_to(root) else root
    if runs == tree or not runs.is_relative_to(tree):
        return ["."]
    return [".", f":(exclude,literal){runs.relative_to(tree).as_posix()}"]


def keep_script(folder: Path) -> str | None:
    """Copy the script into a folder, secrets masked, and give the name of the copy."""
    source = script()
    if source is None or source.suffix != ".py" or _is_installed(source):
        return None
    target = folder / "script.py"
    target.write_text(mask_text(source.read_text("utf-8", "replace")), "utf-8")
    target.chmod(0o600)
    return target.name


def _keep_patch(repo: git.Repo, target: Path) -> dict[str, JSON]:
    # Without context: a line that was not changed may hold a secret, and is in the commit anyway.
    patch = _ask(repo, "diff", "HEAD", "--binary", "--unified=0", "--no-ext-diff", "--no-color")
    if patch is None:
        return {"patch": None, "why": "git took too long"}
    if len(patch) > DIFF_LIMIT:
        return {"patch": None, "why": f"{len(patch):,} bytes are more than {DIFF_LIMIT:,}"}
    lines, masked, binary = [], 0, False
    for line in patch.split(b"\n"):
        if line.startswith((b"diff --git ", b"GIT binary patch")):
            binary = line.startswith(b"GIT")
        if not binary and line[:1] in (b"+", b"-"):
            text = line.decode("utf-8", "surrogateescape")
            clean = line[:1] + mask_text(text[1:]).encode("utf-8", "surrogateescape")
            masked += clean != line
            line = clean  # noqa: PLW2901
        lines.append(line)
    target.write_bytes(b"\n".join(lines))
    target.chmod(0o600)
    return {"patch": f"{target.parent.name}/{target.name}", "masked": masked}


def _ask(repo: git.Repo, *arguments: str) -> bytes | None:
    """What git prints; None if it took too long."""
    from git import GitCommandError

    deadline = None if os.name == "nt" else _DEADLINE  # GitPython has none on Windows
    try:
        return bytes(
            repo.git.execute(
                ["git", *arguments],
                kill_after_timeout=deadline,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
            )
        )
    except GitCommandError:
        return None


def _start() -> Path:
    # A script of an environment (pytest, torchrun) may lie in no checkout or in another's.
    found = script()
    return Path.cwd() if found is None or _is_installed(found) else found.parent


def _is_installed(path: Path) -> bool:
    return path.is_relative_to(Path(sys.prefix).resolve())
