"""Words are taken as they are, plain or as Markdown."""

from __future__ import annotations

import sys

import pytest

from triptych.visuals import Markdown, Text, Visual

KINDS = pytest.mark.parametrize("kind", [Text, Markdown])


@KINDS
def test_words_need_not_be_copied(kind: type[Text]) -> None:
    """Strings do not change, so the copy is the visual itself."""
    text = kind("*words*" * 100)
    assert isinstance(text, Visual)
    assert text.own() is text
    assert text.nbytes == sys.getsizeof("*words*" * 100)


@KINDS
def test_what_is_no_text_is_told(kind: type[Text]) -> None:
    """Numbers are not turned into words silently."""
    with pytest.raises(TypeError, match=f"{kind.__name__} must be a string, not 3"):
        kind(3)  # type: ignore[arg-type]
