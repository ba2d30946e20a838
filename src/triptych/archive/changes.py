"""`changes_in`: what the files of a checkout have that its commit has not, submodules included."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_DEADLINE = 2.0  # seconds; in a large checkout on a network disk git looks at every file
_EMPTY = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # the tree without files, in every repository
_DIFF = (
    "diff",
    "--binary",
    # Without context: a line that was not changed may hold a secret, and is in the commit anyway.
    "--unified=0",
    "--inter-hunk-context=0",
    # Whatever the user has configured for the eye: this is for `git apply`.
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--ignore-submodules=all",  # they are parts of their own
)


class GitFailed(OSError):  # noqa: N818  # it says what happened
    """Git did not answer; the message says why."""


class TookTooLong(GitFailed):
    """It might have answered, later."""


@dataclass(frozen=True, slots=True)
class Part:
    """A working tree, and where in the whole it lies.

    Attributes:
        tree: Its folder.
        inside: Its path within the whole with a slash at the end; "" for the whole itself.
        base: What it is compared with.
    """

    tree: Path
    inside: str = ""
    base: str = "HEAD"


@dataclass(frozen=True, slots=True)
class Changes:
    """What was changed.

    Attributes:
        tracked: Whether files that git knows are not as the commit has them.
        untracked: Files that git does not know, without those that it ignores; where they are too
            many their folders, with a slash at the end.
        parts: The whole, and the submodules that are not as the commit has them.
    """

    tracked: bool
    untracked: tuple[str, ...]
    parts: tuple[Part, ...]

    def patch(self) -> bytes:
        """What `git apply --unidiff-zero` makes of the commit, with its submodules, this tree.

        Raises:
            GitFailed: Git took too long, or lacks what the commit has.
        """
        return b"".join(
            ask(
                part.tree,
                *_DIFF,
                f"--src-prefix=a/{part.inside}",
                f"--dst-prefix=b/{part.inside}",
                part.base,
            )
            for part in self.parts
        )


def changes_in(tree: Path, only: Sequence[str] = (".",)) -> Changes:
    """Look for changes.

    Args:
        tree: The working tree of a repository with a commit.
        only: Where to look, as git takes paths; submodules are looked at as a whole.

    Raises:
        GitFailed: Git took too long, or refuses.
    """
    tracked, untracked, parts = False, list[str](), [Part(tree)]
    for part in parts:  # it grows meanwhile
        paths = only if not part.inside else (".",)
        for line in _status(part.tree, paths):
            kind, rest = line[0], line[2:]
            if kind == "?":
                untracked.append(part.inside + rest)
                continue
            fields = rest.split(" ", {"1": 7, "2": 8}.get(kind, 9))
            staged, sub, was, path = fields[0][0] != ".", fields[1], fields[5], fields[-1]
            if sub == "N...":
                tracked = True
                continue
            tracked |= staged or "C" in sub or "M" in sub
            inner = part.tree / path
            if (inner / ".git").exists():  # else git would speak of the repository around it
                base = was if was.strip("0") else _EMPTY
                parts.append(Part(inner, f"{part.inside}{path}/", base))
    return Changes(tracked, tuple(untracked), tuple(parts))


def _status(tree: Path, paths: Sequence[str]) -> Iterator[str]:
    """The lines of `git status` that tell of a file or a submodule.

    Where there are so many files that git does not know that it takes too long to name them, their
    folders are named.
    """
    call = ("status", "--porcelain=v2", "-z", "--ignore-submodules=none")
    try:
        told = ask(tree, *call, "--untracked-files=all", "--", *paths)
    except TookTooLong:
        told = ask(tree, *call, "--untracked-files=normal", "--", *paths)
    lines = iter(told.decode(errors="replace").split("\0"))
    for line in lines:
        if line:
            yield line
        if line.startswith("2"):
            next(lines)  # the name before


def ask(tree: Path, *arguments: str) -> bytes:
    """What git prints.

    Raises:
        GitFailed: It is not there, took too long, or ended with an error.
    """
    call = ["git", "-C", str(tree), *arguments]
    try:
        done = subprocess.run(  # noqa: S603  # no shell
            call, stdin=subprocess.DEVNULL, capture_output=True, timeout=_DEADLINE, check=False
        )
    except subprocess.TimeoutExpired:
        raise TookTooLong("git took too long") from None
    except OSError as why:
        raise GitFailed(f"git cannot be run: {why}") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise GitFailed(said[0].removeprefix("fatal: ") if said else f"git {arguments[0]} failed")
    return done.stdout
