"""Ready-made draws for text show what the model read and how well it expected it."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import BertConfig, BertForMaskedLM, T5Config, T5ForConditionalGeneration

from tests.hf.tiny_text import WORDS, make_language_model, make_tokenizer
from triptych.draws.text import draw_text_classes, draw_tokens, find_text_draw

SIZE = len(WORDS)


def logits_for(ids: list[int], chances: list[float]) -> torch.Tensor:
    """Scores (T, V) with which a causal model gives each next token its chance."""
    scores = torch.zeros(len(ids), SIZE)
    for place, (token, chance) in enumerate(zip(ids[1:], chances, strict=True)):
        rest = (1 - chance) / (SIZE - 1)
        scores[place] = math.log(rest)
        scores[place, token] = math.log(chance)
    return scores


def test_tokens_of_a_causal_model() -> None:
    """Each token has the loss of the place before; the less it was expected, the more it shows."""
    ids = [3, 4, 5, 6, 7]  # the cat sat on mat
    logits = logits_for(ids, [0.9, 0.3, 0.05, 0.001])[None]
    inputs = {"input_ids": torch.tensor([ids])}

    drawn = draw_tokens(inputs, {"logits": logits}, None, make_tokenizer())

    table = drawn["token_losses"]
    assert table.columns == ("place", "token", "loss", "most likely")
    assert [row[1] for row in table.rows] == ["the", " cat", " sat", " on", " mat"]
    assert table.rows[0][2:] == (None, None)
    losses = [-math.log(chance) for chance in (0.9, 0.3, 0.05, 0.001)]
    assert [row[2] for row in table.rows[1:]] == pytest.approx(losses, rel=1e-5)
    assert table.rows[1][3] == "cat"
    text = drawn["tokens"]
    assert text.words == ("the", " cat", " sat", " on", " mat")
    assert text.numbers() == [row[2] for row in table.rows]
    assert text.range == (0, 6)
    assert text.caption == f"loss {sum(losses) / 4:.3f} over 4 tokens"


def test_padding_and_prompts_have_no_loss() -> None:
    """Padding is not shown, and tokens that were not to be learned are shown without a loss."""
    ids = [0, 0, 3, 4, 5]
    inputs = {
        "input_ids": torch.tensor([ids]),
        "attention_mask": torch.tensor([[0, 0, 1, 1, 1]]),
        "labels": torch.tensor([[-100, -100, -100, -100, 5]]),
    }
    outputs = {"logits": logits_for(ids, [0.5, 0.5, 0.5, 0.25])[None]}

    rows = draw_tokens(inputs, outputs, None, make_tokenizer())["token_losses"].rows

    assert [(row[1], row[2]) for row in rows[:2]] == [("the", None), (" cat", None)]
    assert rows[2][1:3] == (" sat", pytest.approx(-math.log(0.25), rel=1e-5))


def test_the_mean_is_the_loss_of_the_model() -> None:
    """What is written below the text is what the model's own loss says of this sample."""
    model = make_language_model().eval()
    ids = torch.tensor([[3, 4, 5, 6, 3, 7, 1]])
    outputs = model(input_ids=ids, labels=ids)

    text = draw_tokens({"input_ids": ids, "labels": ids}, outputs, model, make_tokenizer())

    assert text["tokens"].caption == f"loss {outputs.loss.item():.3f} over 6 tokens"


def test_a_masked_model() -> None:
    """The text is shown as it was, and only what was masked has a loss."""
    torch.manual_seed(0)
    model = BertForMaskedLM(
        BertConfig(
            vocab_size=SIZE,
            hidden_size=8,
            num_hidden_layers=1,
            num_attention_heads=1,
            intermediate_size=8,
        )
    ).eval()
    inputs = {
        "input_ids": torch.tensor([[3, 2, 5]]),
        "labels": torch.tensor([[-100, 4, -100]]),
    }
    outputs = model(**inputs)

    rows = draw_tokens(inputs, outputs, model, make_tokenizer())["token_losses"].rows

    assert [row[1] for row in rows] == ["the", " cat", " sat"]
    assert [row[2] for row in rows] == [None, pytest.approx(outputs.loss.item(), rel=1e-4), None]


def test_an_encoder_and_decoder() -> None:
    """The target text is shown, each token with its own loss."""
    torch.manual_seed(0)
    model = T5ForConditionalGeneration(
        T5Config(
            vocab_size=SIZE,
            d_model=8,
            d_kv=4,
            d_ff=8,
            num_layers=1,
            num_heads=2,
            decoder_start_token_id=0,
        )
    ).eval()
    inputs = {"input_ids": torch.tensor([[3, 4]]), "labels": torch.tensor([[8, 9, 10, -100]])}
    outputs = model(**inputs)

    rows = draw_tokens(inputs, outputs, model, make_tokenizer())["token_losses"].rows

    assert [row[1] for row in rows[:3]] == ["a", " dog", " ran"]
    mean = sum(row[2] for row in rows[:3]) / 3
    assert mean == pytest.approx(outputs.loss.item(), rel=1e-4)
    assert rows[3][2] is None


def test_classified_texts() -> None:
    """A row for each text: what it says, what it is, what it was taken for and how surely."""
    inputs = {
        "input_ids": torch.tensor([[0, 3, 4], [8, 9, 10]]),
        "attention_mask": torch.tensor([[0, 1, 1], [1, 1, 1]]),
        "labels": torch.tensor([0, 1]),
    }
    outputs = SimpleNamespace(logits=torch.tensor([[2.0, 0.0], [1.0, 0.0]]))
    model = SimpleNamespace(config=SimpleNamespace(id2label={0: "cat", 1: "dog"}))

    table = draw_text_classes(inputs, outputs, model, make_tokenizer())["texts"]

    assert table.columns == ("text", "label", "predicted", "chance")
    assert table.rows[0][:3] == ("the cat", "cat", "cat")
    assert table.rows[1][:3] == ("a dog ran", "dog", "cat")
    assert table.rows[0][3] == pytest.approx(1 / (1 + math.exp(-2)))


IDS = torch.tensor([[3, 4, 5]])


@pytest.mark.parametrize(
    ("inputs", "logits", "expected"),
    [
        ({"input_ids": IDS}, torch.zeros(1, 3, SIZE), draw_tokens),
        ({"input_ids": IDS}, torch.zeros(1, 2), draw_text_classes),
        ({"input_ids": IDS}, torch.zeros(1, 4, SIZE), None),
        ({"pixel_values": torch.zeros(1, 1, 8, 8)}, torch.zeros(1, 10), None),
        ({"input_ids": IDS}, None, None),
    ],
    ids=["tokens", "classes", "another length", "pictures", "no scores"],
)
def test_which_draw(inputs: dict[str, Any], logits: torch.Tensor | None, expected: Any) -> None:
    """The shapes of inputs and scores decide."""
    assert find_text_draw(inputs, {"logits": logits}, None, make_tokenizer()) is expected
    assert find_text_draw(inputs, {"logits": logits}, None, None) is None
