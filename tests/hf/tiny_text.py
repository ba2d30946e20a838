"""The smallest language model there can be: words of one sentence, a GPT-2 of one layer."""

from __future__ import annotations

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

WORDS = ("<pad>", "<end>", "<unknown>", "the", "cat", "sat", "on", "mat", "a", "dog", "ran")


def make_tokenizer() -> PreTrainedTokenizerFast:
    """One token for each of `WORDS`, split at blanks."""
    words = {word: place for place, word in enumerate(WORDS)}
    tokenizer = Tokenizer(WordLevel(words, unk_token="<unknown>"))  # noqa: S106  # no password
    tokenizer.pre_tokenizer = Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",  # noqa: S106
        eos_token="<end>",  # noqa: S106
        unk_token="<unknown>",  # noqa: S106
        padding_side="left",
    )


def make_language_model() -> GPT2LMHeadModel:
    """Untrained, the same for every call."""
    torch.manual_seed(0)
    size = len(WORDS)
    config = GPT2Config(
        vocab_size=size,
        n_positions=32,
        n_embd=8,
        n_layer=1,
        n_head=1,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=1,
    )
    return GPT2LMHeadModel(config)
