"""What is written can be read, or is seen to be missing."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from triptych.rendering import fonts

INK = (20, 20, 20)


def _written(text: str) -> np.ndarray:
    picture = Image.new("L", (300, 40), 255)
    fonts.write(ImageDraw.Draw(picture), 5, 5, text, 16, 0)  # type: ignore[arg-type]
    return np.asarray(picture)


@pytest.mark.parametrize(
    "text", ["plain", "Привет", "∑ → ✓", "\u4e2d\u6587", "\U0001f389", "\u0e44"]
)
def test_every_letter_leaves_ink(text: str) -> None:
    """Those that no font has leave a box."""
    for letter in text.replace(" ", ""):
        assert (_written(letter) < 128).sum() > 5, letter


def test_letters_of_different_fonts_stand_side_by_side() -> None:
    """The place where a text ends is that of its pieces, which are the text in order."""
    text = "a\u4e2db"
    pieces = fonts.pieces(text)
    assert [len(piece) for _, piece in pieces] == [1, 1, 1]
    assert pieces[0][0] == pieces[2][0] != pieces[1][0]
    assert fonts.length(text, 16) == sum(fonts.length(letter, 16) for letter in text)
    draw = ImageDraw.Draw(Image.new("RGB", (100, 40)))
    assert fonts.write(draw, 5, 5, text, 16, INK) == round(5 + fonts.length(text, 16))


def test_the_usual_letters_are_in_one_font() -> None:
    """Only what it lacks is looked for elsewhere."""
    assert fonts.families("Größe: 3 ≤ λ") == ["DejaVu Sans"]
    assert fonts.readable("Größe: 3 ≤ λ") == "Größe: 3 ≤ λ"
    assert fonts.families("cat", "\u4e2d")[0] == "DejaVu Sans"
    assert fonts.pieces("") == []


def test_a_letter_that_is_nowhere_becomes_a_box(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine where matplotlib's font of last resort is missing too."""
    base = fonts._fonts()[:1]
    monkeypatch.setattr(fonts, "_fonts", lambda: base)
    fonts._font_of.cache_clear()
    try:
        assert fonts.readable("a\u4e2d") == "a□"
        assert fonts.families("a\u4e2d") == ["DejaVu Sans"]
        assert [piece for _, piece in fonts.pieces("a\u4e2d")] == ["a□"]
    finally:
        fonts._font_of.cache_clear()
