"""Ready-made draws for text: tokens with the loss of each, and classified texts.

A draw of this module takes `processing_class` as well, and needs nothing of it but `decode`. Torch
is not imported: what is called are methods of the tensors that came.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from triptych.draw_tokens import token_picture
from triptych.visuals import Table, Text, Visual

TextDraw = Callable[..., Mapping[str, Visual]]
"""`draw(inputs, outputs, model, processing_class) -> {path: visual}`."""

_MOST_TOKENS = 256
_MOST_TEXTS = 8
_IGNORED = -100  # the label of a token that has no loss

_SHARE = (0.5, 0.1, 0.01)
"""The chance given to the right token from which on it reads as expected, likely, unlikely."""


def find_text_draw(
    inputs: Mapping[str, Any], outputs: Any, model: Any, processing_class: Any
) -> TextDraw | None:
    """Find the draw that suits a text model.

    Args:
        inputs: What the model was called with: `input_ids` (N, T), and `labels` if it was trained.
        outputs: Something with `logits`: (N, T, V) for tokens, (N, K) for classes.
        model: The model.
        processing_class: A tokenizer, or anything that can `decode`.

    Returns:
        `draw_tokens` or `draw_text_classes`; None if this is no text, or it cannot be decoded.
    """
    logits = _get(outputs, "logits")
    ids = inputs.get("input_ids")
    if ids is None or logits is None or not hasattr(processing_class, "decode"):
        return None
    if logits.ndim == 2:  # noqa: PLR2004  # (N, K)
        return draw_text_classes
    return draw_tokens if logits.ndim == 3 and _targets(inputs, logits, model) else None  # noqa: PLR2004


def draw_tokens(
    inputs: Mapping[str, Any], outputs: Any, model: Any, processing_class: Any
) -> dict[str, Visual]:
    """Language models: the first text of the batch, with the loss of each token.

    Returns:
        "tokens", a text in which a token that the model did not expect stands out,
        "token_picture", the same in colours, and "token_losses", a table.
    """
    logits = _get(outputs, "logits")
    targets = _targets(inputs, logits, model)
    if targets is None:
        return {}
    tokens, labels, scores = targets
    labels, tokens = labels[:_MOST_TOKENS], tokens[:_MOST_TOKENS]
    losses, guesses = _losses(scores[:_MOST_TOKENS], labels)
    words = _words(tokens.tolist(), processing_class)
    said = [processing_class.decode([guess]) for guess in guesses]
    rows = [
        (place, word, loss, guess if loss is not None else None)
        for place, (word, loss, guess) in enumerate(zip(words, losses, said, strict=True))
    ]
    known = [loss for loss in losses if loss is not None]
    mean = sum(known) / len(known) if known else math.nan
    head = f"**loss {mean:.3f}** over {len(known)} tokens\n\n"
    legend = "as expected, *less likely*, **unlikely**, **`hardly expected`**\n\n---\n\n"
    body = "".join(_marked(word, loss) for word, loss in zip(words, losses, strict=True))
    return {
        "tokens": Text(head + legend + body, markdown=True),
        "token_picture": token_picture(words, losses),
        "token_losses": Table(["place", "token", "loss", "most likely"], rows),
    }


def draw_text_classes(
    inputs: Mapping[str, Any], outputs: Any, model: Any, processing_class: Any
) -> dict[str, Visual]:
    """Text classification: the first texts, what they are, and what the model takes them for.

    Returns:
        "texts", a table of text, label, prediction and its chance.
    """
    logits = _get(outputs, "logits")[:_MOST_TEXTS].float()
    chances, said = logits.softmax(-1).max(-1)
    labels = inputs.get("labels")
    known = labels[:_MOST_TEXTS].reshape(-1).tolist() if labels is not None else [None] * len(said)
    names = getattr(getattr(model, "config", None), "id2label", None) or {}
    texts = _decoded(inputs, processing_class)
    rows = [
        (text, names.get(label, label), names.get(guess, guess), chance)
        for text, label, guess, chance in zip(
            texts, known, said.tolist(), chances.tolist(), strict=True
        )
    ]
    return {"texts": Table(["text", "label", "predicted", "chance"], rows)}


def _targets(inputs: Mapping[str, Any], logits: Any, model: Any) -> tuple[Any, Any, Any] | None:
    """Tokens to show, labels and scores (T, V) of the first text; each score is for its label."""
    ids, labels = inputs["input_ids"], inputs.get("labels")
    config = getattr(model, "config", None)
    if getattr(config, "is_encoder_decoder", False):
        if labels is None or labels.shape != logits.shape[:2]:
            return None
        return _shown(labels[0]), labels[0], logits[0]
    if ids.shape != logits.shape[:2]:
        return None
    if "MaskedLM" in type(model).__name__:
        return None if labels is None else (_restored(ids[0], labels[0]), labels[0], logits[0])
    wanted = (ids if labels is None else labels)[0].clone()
    padding = inputs.get("attention_mask")
    if padding is not None and padding.shape == ids.shape:
        wanted[padding[0] == 0] = _IGNORED
        keep = padding[0].bool()
    else:
        keep = (ids[0] == ids[0]).bool()
    scores = logits[0].roll(1, 0)  # a causal model says at each place what comes next
    wanted[0] = _IGNORED
    return ids[0][keep], wanted[keep], scores[keep]


def _losses(scores: Any, labels: Any) -> tuple[list[float | None], list[int]]:
    """The negative log of the chance that each label was given, and the likeliest token."""
    chances = scores.float().log_softmax(-1)
    known = labels != _IGNORED
    safe = labels.clone()
    safe[~known] = 0
    found = -chances.gather(-1, safe[:, None]).flatten()
    losses = [
        loss if is_known else None
        for loss, is_known in zip(found.tolist(), known.tolist(), strict=True)
    ]
    return losses, scores.argmax(-1).tolist()


def _shown(labels: Any) -> Any:
    shown = labels.clone()
    shown[labels == _IGNORED] = 0
    return shown


def _restored(ids: Any, labels: Any) -> Any:
    """The text as it was before tokens were masked."""
    restored = ids.clone()
    restored[labels != _IGNORED] = labels[labels != _IGNORED]
    return restored


def _words(tokens: list[int], processing_class: Any) -> list[str]:
    """What each token adds to the text: decoded alone, many tokens lose the blank before them."""
    words, text = [], ""
    for place, token in enumerate(tokens):
        longer = processing_class.decode(tokens[: place + 1])
        added = longer.startswith(text)
        words.append(longer[len(text) :] if added else processing_class.decode([token]))
        text = longer
    return words


def _decoded(inputs: Mapping[str, Any], processing_class: Any) -> list[str]:
    ids = inputs["input_ids"][:_MOST_TEXTS]
    padding = inputs.get("attention_mask")
    if padding is None or padding.shape != inputs["input_ids"].shape:
        return [processing_class.decode(row.tolist()) for row in ids]
    kept = zip(ids, padding[:_MOST_TEXTS], strict=True)
    return [processing_class.decode(row[mask.bool()].tolist()) for row, mask in kept]


def _marked(word: str, loss: float | None) -> str:
    """The token in Markdown, the heavier the less it was expected; blanks stay outside."""
    text = word.strip()
    if not text or loss is None:
        return _escaped(word)
    before, after = word[: len(word) - len(word.lstrip())], word[len(word.rstrip()) :]
    chance = math.exp(-loss) if math.isfinite(loss) else 0.0
    expected, likely, unlikely = _SHARE
    if chance >= expected:
        text = _escaped(text)
    elif chance >= likely:
        text = f"*{_escaped(text)}*"
    elif chance >= unlikely:
        text = f"**{_escaped(text)}**"
    else:
        text = f"**`{text.replace('`', chr(39))}`**"
    return f"{before}{text}{after}"


def _escaped(text: str) -> str:
    return "".join(f"\\{letter}" if letter in r"\`*_{}[]<>#|~" else letter for letter in text)


def _get(outputs: Any, name: str) -> Any:
    return outputs.get(name) if isinstance(outputs, Mapping) else getattr(outputs, name, None)
