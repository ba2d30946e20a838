"""Ready-made draws for text: tokens with the loss of each, and classified texts.

A draw of this module takes `processing_class` as well, and needs nothing of it but `decode`. Torch
is not imported: what is called are methods of the tensors that came.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from triptych.visuals import Table, Tokens, Visual
from triptych.visuals.tokens import WORST_LOSS, words_of

TextDraw = Callable[..., Mapping[str, Visual]]
"""`draw(inputs, outputs, model, processing_class) -> {path: visual}`."""

_MOST_TOKENS = 256
_MOST_TEXTS = 8
_IGNORED = -100  # the label of a token that has no loss


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
        "tokens", the text with the loss of each token as its colour, and "token_losses", a table.
    """
    logits = _get(outputs, "logits")
    targets = _targets(inputs, logits, model)
    if targets is None:
        return {}
    tokens, labels, scores = targets
    labels, tokens = labels[:_MOST_TOKENS], tokens[:_MOST_TOKENS]
    losses, guesses = _losses(scores[:_MOST_TOKENS], labels)
    words = words_of(tokens.tolist(), processing_class)
    said = [processing_class.decode([guess]) for guess in guesses]
    rows = [
        (place, word, loss, guess if loss is not None else None)
        for place, (word, loss, guess) in enumerate(zip(words, losses, said, strict=True))
    ]
    known = [loss for loss in losses if loss is not None]
    mean = sum(known) / len(known) if known else math.nan
    caption = f"loss {mean:.3f} over {len(known)} tokens"
    return {
        "tokens": Tokens(words, losses, range=(0.0, WORST_LOSS), caption=caption),
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


def _decoded(inputs: Mapping[str, Any], processing_class: Any) -> list[str]:
    ids = inputs["input_ids"][:_MOST_TEXTS]
    padding = inputs.get("attention_mask")
    if padding is None or padding.shape != inputs["input_ids"].shape:
        return [processing_class.decode(row.tolist()) for row in ids]
    kept = zip(ids, padding[:_MOST_TEXTS], strict=True)
    return [processing_class.decode(row[mask.bool()].tolist()) for row, mask in kept]


def _get(outputs: Any, name: str) -> Any:
    return outputs.get(name) if isinstance(outputs, Mapping) else getattr(outputs, name, None)
