"""Tokens have a number each, and letters which are made of several tokens stay whole."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from tokenizers import ByteLevelBPETokenizer

from tests.hf.tiny_text import make_tokenizer
from triptych.visuals import Tokens, Visual, tokens
from triptych.visuals.tokens import words_of

TEXT = "The cat sat on the mat, and 🎉 the 中文 cat\nran away from the dog that sat there. " * 3


def make_byte_tokenizer() -> Any:
    """A tokenizer of bytes, in which many letters have several tokens."""
    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train_from_iterator(["the cat sat on the mat"] * 10, vocab_size=270)
    return tokenizer


def test_a_share_tells_how_far_a_number_is_between_the_ends() -> None:
    """Beyond an end is the end; NaN is the worst; None has none."""
    seen = Tokens(list("abcdefg"), [0, 3, 9, -1, math.nan, math.inf, None], range=(0, 6))
    assert seen.shares() == [0, 0.5, 1, 0, 1, 1, None]
    assert seen.numbers()[:4] == [0, 3, 9, -1]
    assert seen.numbers()[-1] is None


def test_the_ends_are_found_where_none_are_given() -> None:
    """The least and the largest of what is finite."""
    assert Tokens(list("abcd"), [2, math.inf, None, -2]).span() == (-2, 2)
    assert Tokens(["a"], [5]).shares() == [0]
    assert Tokens([], []).span() == (0, 1)


def test_own_is_a_copy() -> None:
    """What training writes into its buffers later is not in the numbers."""
    values = torch.ones(2, requires_grad=True)
    owned = Tokens(["a", "bc"], values).own()
    with torch.no_grad():
        values[:] = 5
    assert isinstance(owned, Visual)
    assert (owned.numbers(), owned.nbytes) == ([1, 1], 2 * 4 + 2 + 3)
    assert Tokens(["a"], torch.empty(1, device="meta")).nbytes == 6


def test_words_are_those_of_the_whole_text() -> None:
    """Put together they are the text; what makes one letter is held back until it is whole."""
    tokenizer = make_byte_tokenizer()
    ids = tokenizer.encode(TEXT).ids
    words = words_of(ids, tokenizer)
    assert len(words) == len(ids) > 100
    assert "".join(words) == TEXT
    assert words.count("🎉") + words.count(" 🎉") == 3
    assert not any("\ufffd" in word for word in words)


def test_bytes_that_make_no_letter_are_shown_as_such() -> None:
    """And do not hold up what comes after them."""
    tokenizer = make_byte_tokenizer()
    half = tokenizer.encode("🎉").ids[:2]
    words = words_of([*half, *tokenizer.encode(" the cat").ids], tokenizer)
    assert "".join(words) == "\ufffd the cat"
    assert words_of(half, tokenizer) == ["", "\ufffd"]


def test_a_text_with_its_losses() -> None:
    """One for each token; or one less, as a causal model gives them."""
    tokenizer = make_tokenizer()
    ids = torch.tensor([3, 4, 5])  # the cat sat
    whole = tokens(ids, [None, 0.5, 6.0], tokenizer, caption="said")["tokens"]
    shifted = tokens(ids, torch.tensor([0.5, 6.0]), tokenizer)["tokens"]
    assert whole.words == shifted.words == ("the", " cat", " sat")
    assert whole.numbers() == shifted.numbers() == [None, 0.5, 6.0]
    assert (whole.shares()[1:], whole.caption) == ([0.5 / 6, 1], "said")
    with pytest.raises(ValueError, match=r"values of shape \(1,\) do not fit 3 words"):
        tokens(ids, [1.0], tokenizer)


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: Tokens("ab", [1, 2]), TypeError, "words must be a sequence of strings"),
        (lambda: Tokens([1], [1]), TypeError, "words must be a sequence of strings"),
        (lambda: Tokens(["a"], ["b"]), TypeError, "values must be numbers"),
        (lambda: Tokens(["a"], [1, 2]), ValueError, r"values of shape \(2,\) do not fit 1 words"),
        (lambda: Tokens(["a"], [1], (2, 1)), ValueError, "range must be two finite"),
        (lambda: Tokens(["a"], [1], caption=1), TypeError, "caption must be a string, not 1"),
    ],
)
def test_arguments_that_do_not_fit_are_told(
    build: Any, error: type[Exception], message: str
) -> None:
    """At once, where they were written."""
    with pytest.raises(error, match=message):
        build()
