"""Text is text."""

from __future__ import annotations

import sys

import pytest

from triptych.visuals import Text, Visual


def test_text_need_not_be_copied() -> None:
    """Strings do not change, so the copy is the text itself."""
    text = Text("words" * 100)
    assert isinstance(text, Visual)
    assert text.own() is text
    assert text.nbytes == sys.getsizeof("words" * 100)


def test_what_is_no_text_is_told() -> None:
    """Numbers are not turned into words silently."""
    with pytest.raises(TypeError, match="text must be a string, not 3"):
        Text(3)  # type: ignore[arg-type]
