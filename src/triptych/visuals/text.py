"""Words to look at, as they are or with a form: a generated sample, a report."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Text:
    """A text, shown as it is; see `Markdown` for one with headings and emphasis.

    Attributes:
        text: Any length, any lines.

    Raises:
        TypeError: The text is not a string.
    """

    text: str

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise TypeError(
                f"{type(self).__name__} must be a string, not {self.text!r}: pass str(...)."
            )

    def own(self) -> Self:
        """Nothing to copy: strings do not change."""
        return self

    @property
    def nbytes(self) -> int:
        """Bytes held by the string."""
        return sys.getsizeof(self.text)


class Markdown(Text):
    """A text in Markdown (CommonMark, and GitHub's tables): headings, emphasis, lists.

    HTML in it is shown as it is written, never run.

    Attributes:
        text: Any length, any lines.

    Raises:
        TypeError: The text is not a string.
    """

    __slots__ = ()
