"""Text that a file can hold, and that a terminal shows and does not obey."""

from __future__ import annotations

import re

# C0 and C1 without tab and newline; line separators; marks that turn the direction of writing.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def encodable(text: str) -> str:
    """The text with lone surrogates, which no file can hold, written out in ASCII.

    They come from names of files that are no UTF-8, for one.
    """
    return text.encode("utf-8", "backslashreplace").decode()


def printable(text: str, *, lines: bool = True) -> str:
    r"""The text with its control characters written out, such as "\x1b".

    Args:
        text: Whatever came in: a message, a path, a caption.
        lines: Whether tabs and newlines stay.
    """
    shown = _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
    return shown if lines else shown.replace("\n", "\\n").replace("\t", "\\t")
