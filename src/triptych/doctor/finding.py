"""`Finding`: one line of the examination, and how to mend what it tells of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    GREEN = "green"  # as it should be
    YELLOW = "yellow"  # training works, but something is less than it could be
    RED = "red"  # something that is configured does not work


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check has found.

    Attributes:
        level: How bad it is.
        subject: One or two words: what was looked at.
        what: What is the case.
        fix: The one thing to do about it; "" exactly if the level is green.
    """

    level: Level
    subject: str
    what: str
    fix: str = ""


def green(subject: str, what: str) -> Finding:
    """All is well."""
    return Finding(Level.GREEN, subject, what)


def yellow(subject: str, what: str, fix: str) -> Finding:
    """Training works, but something is less than it could be."""
    return Finding(Level.YELLOW, subject, what, fix)


def red(subject: str, what: str, fix: str) -> Finding:
    """Something that is configured does not work."""
    return Finding(Level.RED, subject, what, fix)
