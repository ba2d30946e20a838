"""Text that a file can hold, and that a terminal shows and does not obey."""

from __future__ import annotations

import copy
import dataclasses
import re
from typing import Any

# C0 and C1 without tab and newline; line separators; marks that turn the direction of writing.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def encodable(text: str) -> str:
    """The text with lone surrogates, which no file can hold, written out in ASCII.

    They come from names of files that are no UTF-8, for one.
    """
    return text.encode("utf-8", "backslashreplace").decode()


def all_encodable(value: Any) -> Any:
    """The value with every text in it `encodable`: in sequences, mappings and dataclasses.

    Args:
        value: Anything; what holds no such letter is returned itself.
    """
    if isinstance(value, str):
        text = encodable(value)
        return value if text == value else text
    if isinstance(value, tuple | list):
        parts = [all_encodable(part) for part in value]
        same = all(new is old for new, old in zip(parts, value, strict=True))
        return value if same else type(value)(parts)
    if isinstance(value, dict):
        pairs = {all_encodable(key): all_encodable(part) for key, part in value.items()}
        return value if pairs == value else pairs
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    olds = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    news = {name: all_encodable(old) for name, old in olds.items()}
    if all(news[name] is old for name, old in olds.items()):
        return value
    twin = copy.copy(value)
    for name, new in news.items():
        object.__setattr__(twin, name, new)
    return twin


def printable(text: str, *, lines: bool = True) -> str:
    r"""The text with its control characters written out, such as "\x1b".

    Args:
        text: Whatever came in: a message, a path, a caption.
        lines: Whether tabs and newlines stay.
    """
    shown = _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
    return shown if lines else shown.replace("\n", "\\n").replace("\t", "\\t")
