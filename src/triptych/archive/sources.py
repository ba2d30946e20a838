"""The sources of a run: commit, branch and remote, and what was changed since that commit."""

from __future__ import annotations

import sys
from pathlib import Path

from triptych.archive.changes import Changes, GitFailed, ask, changes_in
from triptych.archive.plain import JSON
from triptych.archive.secrets import mask_text, mask_url

DIFF_LIMIT = 10 * 2**20
"""Bytes of a diff that are kept; a larger one is left out, and `run.json` says so."""

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
        `commit`, `branch` or None, `remote` or None, `dirty` (None if git did not say, and `why`).
        Where there are changes: `patch` (to be applied with `git apply --unidiff-zero` to the
        commit and its submodules; None if there is none, and `why`), `masked` (lines in it in which
        a secret was masked), and `untracked` (up to 1000 files that git does not know, or folders
        of such; ignored ones and runs left out).

    Raises:
        LookupError: If this is no checkout.
        GitFailed: If it has no commit, or git does not read it.
    """
    import git

    start = _start()
    try:
        found = git.Repo(start, search_parent_directories=True)
    except git.InvalidGitRepositoryError:
        raise LookupError(f"{start} is in no git repository") from None
    with found as repo:
        tree = Path(repo.working_dir)
        told: dict[str, JSON] = {
            "commit": ask(tree, "log", "-1", "--format=%H", "--no-show-signature").decode().strip(),
            "branch": None if repo.head.is_detached else repo.active_branch.name,
            "remote": mask_url(next(repo.remotes[0].urls)) if repo.remotes else None,
            "dirty": None,
        }
        try:
            changes = changes_in(tree, _no_runs(tree.resolve(), folder))
        except GitFailed as why:
            return {**told, "why": mask_text(str(why))}
        told["dirty"] = changes.tracked
        if changes.untracked:
            told["untracked"] = list(changes.untracked[:_MOST_UNTRACKED])
        if changes.tracked and folder is not None:
            told.update(_keep_patch(changes, folder / "changes.patch"))
        return told


def _no_runs(tree: Path, folder: Path | None) -> list[str]:
    """Paths to look at: all but those of runs, of which there are many and git needs none."""
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


def _keep_patch(changes: Changes, target: Path) -> dict[str, JSON]:
    try:
        patch = changes.patch()
    except GitFailed as why:
        return {"patch": None, "why": mask_text(str(why))}
    if len(patch) > DIFF_LIMIT:
        return {"patch": None, "why": f"{len(patch):,} bytes are more than {DIFF_LIMIT:,}"}
    lines, masked, binary = [], 0, False
    for line in patch.split(b"\n"):
        if line.startswith((b"diff --git ", b"GIT binary patch")):
            binary = line.startswith(b"GIT")
        if not binary and line.startswith(b"@@ "):
            line = line[: line.index(b" @@") + 3]  # noqa: PLW2901  # else an unchanged line follows
        if not binary and line[:1] in (b"+", b"-"):
            text = line.decode("utf-8", "surrogateescape")
            clean = line[:1] + mask_text(text[1:]).encode("utf-8", "surrogateescape")
            masked += clean != line
            line = clean  # noqa: PLW2901
        lines.append(line)
    target.write_bytes(b"\n".join(lines))
    target.chmod(0o600)
    return {"patch": f"{target.parent.name}/{target.name}", "masked": masked}


def _start() -> Path:
    # A script of an environment (pytest, torchrun) may lie in no checkout or in another's.
    found = script()
    return Path.cwd() if found is None or _is_installed(found) else found.parent


def _is_installed(path: Path) -> bool:
    return path.is_relative_to(Path(sys.prefix).resolve())
