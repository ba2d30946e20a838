"""Words with a form: headings, emphasis, lists, tables."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Markdown:
    """A text in Markdown (CommonMark, and GitHub's tables).

    HTML in it is shown as it is written, never run.

    Attributes:
        text: Any length, any lines.

    Raises:
        TypeError: The text is not a string.
    """

    text: str

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise TypeError(f"Markdown must be a string, not {self.text!r}: pass str(...).")

    def own(self) -> Self:
        """Nothing to copy: strings do not change."""
        return self

    @property
    def nbytes(self) -> int:
        """Bytes held by the string."""
        return sys.getsizeof(self.text)
