"""A text in which each token has a number: its loss, its attention, its importance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from triptych.visuals.arrays import host_array, interval, is_tensor, nbytes, own_array
from triptych.visuals.instances import take
from triptych.visuals.visual import changed, set_fields

WORST_LOSS = 6.0
"""Nats from which on a token is as red as can be: a chance of 1 in 400."""

_BYTES_OF_A_LETTER = 4  # in UTF-8: so many tokens of one byte each can make one letter
_WINDOW = 8  # tokens


@dataclass(frozen=True, slots=True, init=False, eq=False)
class Tokens:
    """Tokens one after the other, from green for low numbers to red for high ones.

    Attributes:
        words: What each token adds to the text, blanks included.
        values: (N,) numbers; after `own`, a numpy array that is ours.
        unknown: bool (N,), the tokens that were passed None for a number; they are grey.
        range: The numbers that are all green and all red; None for the least and the largest.
        caption: One line below the text, or None.
    """

    words: tuple[str, ...] = field(repr=False)
    values: Any = field(repr=False)
    unknown: npt.NDArray[np.bool_] = field(repr=False)
    range: tuple[float, float] | None
    caption: str | None

    def __init__(
        self,
        words: Sequence[str],
        values: Any,
        range: tuple[float, float] | None = None,  # noqa: A002 - as in Histogram
        caption: str | None = None,
    ) -> None:
        """Check the tokens; numbers on a device are not looked at, so as not to wait for it.

        Args:
            words: N strings, what each token adds to the text, blanks included.
            values: (N,) numbers, or a sequence of numbers and of None, which is drawn grey. NaN is
                drawn like the highest: what is not a number shall not pass for a good one.
            range: The numbers that are all green and all red; what lies beyond has their colours.
            caption: One line of text.

        Raises:
            TypeError: Words that are no strings, or values that are no numbers.
            ValueError: Not one value for each word, or a range that does not rise.
        """
        if isinstance(words, str) or not all(isinstance(word, str) for word in words):
            raise TypeError(f"words must be a sequence of strings, not {words!r}.")
        if not (caption is None or isinstance(caption, str)):
            raise TypeError(f"caption must be a string, not {caption!r}: pass str(caption).")
        unknown = np.zeros(len(words), bool)
        if not (is_tensor(values) or isinstance(values, np.ndarray)):
            values = list(values)
            missing = [value is None for value in values]
            values = [math.nan if value is None else value for value in values]
            if len(missing) == len(words):
                unknown[:] = missing
        values = take(values, "values")
        if tuple(values.shape) != (len(words),):
            raise ValueError(
                f"values of shape {tuple(values.shape)} do not fit {len(words)} words: "
                f"pass one for each, ({len(words)},)."
            )
        set_fields(self, words=tuple(words), values=values, unknown=unknown, caption=caption)
        set_fields(self, range=None if range is None else interval(range, "range"))

    @property
    def nbytes(self) -> int:
        """Bytes held by the numbers, and the length of the words."""
        return nbytes(self.values, self.unknown) + sum(map(len, self.words))

    def own(self) -> Self:
        """Copy the numbers to the host; words do not change."""
        return changed(self, values=own_array(self.values))

    def numbers(self) -> list[float | None]:
        """A number for each token, None where there is none; on a worker thread."""
        values = host_array(self.values).astype(np.float64).tolist()
        pairs = zip(values, self.unknown.tolist(), strict=True)
        return [None if unknown else value for value, unknown in pairs]

    def span(self) -> tuple[float, float]:
        """The numbers at the two ends of the colours, on a worker thread."""
        if self.range is not None:
            return self.range
        finite = [value for value in self.numbers() if value is not None and math.isfinite(value)]
        low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
        return (low, high) if low < high else (low, low + 1.0)

    def shares(self) -> list[float | None]:
        """Where between the two ends each number lies, 0 to 1; on a worker thread."""
        low, high = self.span()
        return [None if value is None else _share(value, low, high) for value in self.numbers()]


def tokens(
    input_ids: Any, losses: Any, tokenizer: Any, *, caption: str | None = None
) -> dict[str, Tokens]:
    """One text with the loss of each token, from a language model's tensors.

    Decoding runs here, on the calling thread: tokenizers cannot be shared between threads.

    Args:
        input_ids: (N,) ids of one text; waits for their device, as for that of the losses.
        losses: (N,) negative log chances in nats, or a sequence of numbers and of None for tokens
            that were not to be learned; or one less, of all tokens but the first, as a causal model
            gives them: `cross_entropy(logits[:-1], input_ids[1:], reduction="none")`.
        tokenizer: Anything with `decode(ids) -> str`, such as a tokenizer of transformers.
        caption: One line below the text.

    Returns:
        "tokens", from green for loss 0 to red for 6 nats.

    Raises:
        TypeError: Losses that are no numbers.
        ValueError: Neither one loss for each id nor one less.
    """
    ids = host_array(input_ids).reshape(-1).tolist()
    if len(losses) == len(ids) - 1:
        losses = [None, *(host_array(losses).tolist() if is_tensor(losses) else losses)]
    words = words_of(ids, tokenizer)
    return {"tokens": Tokens(words, losses, range=(0.0, WORST_LOSS), caption=caption)}


def words_of(ids: Sequence[int], tokenizer: Any) -> list[str]:
    """What each token adds to the text.

    Decoded alone, many tokens lose the blank before them, and some are but a part of a letter: the
    letter goes to the last of its tokens, and the others are "".

    Args:
        ids: The tokens of one text.
        tokenizer: Anything with `decode(ids) -> str`.
    """
    words: list[str] = []
    # Decoded is what begins at `first`: the whole text for each token would take quadratic time.
    first, shown, held = 0, "", 0
    for place, token in enumerate(ids):
        longer = tokenizer.decode(ids[first : place + 1])
        partial = longer.endswith("\ufffd")
        if partial and held < _BYTES_OF_A_LETTER - 1 and place + 1 < len(ids):
            words.append("")
            held += 1
            continue
        added = longer.startswith(shown)
        words.append(longer[len(shown) :] if added else tokenizer.decode([token]))
        shown, held = longer, 0
        if place - first >= _WINDOW and not partial:
            first, shown = place, tokenizer.decode([token])
    return words


def _share(value: float, low: float, high: float) -> float:
    if math.isnan(value):
        return 1.0
    return (min(max(value, low), high) - low) / (high - low)
