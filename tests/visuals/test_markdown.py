"""Markdown is a text of its own kind."""

from __future__ import annotations

import sys

import pytest

from triptych.visuals import Markdown, Visual


def test_markdown_need_not_be_copied() -> None:
    """Strings do not change, so the copy is the Markdown itself."""
    text = Markdown("*words*" * 100)
    assert isinstance(text, Visual)
    assert text.own() is text
    assert text.nbytes == sys.getsizeof("*words*" * 100)


def test_what_is_no_text_is_told() -> None:
    """Numbers are not turned into words silently."""
    with pytest.raises(TypeError, match="Markdown must be a string, not 3"):
        Markdown(3)  # type: ignore[arg-type]
