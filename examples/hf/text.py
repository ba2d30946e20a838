"""Train a small transformer, from scratch, to tell which library a piece of documentation is from.

The texts are real and need no download: paragraphs from the docstrings of the libraries that this
example runs on. So does the tokenizer, which is trained on the spot.
"""

from __future__ import annotations

import argparse
import importlib
import re
from collections.abc import Iterator

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch.utils.data import Dataset
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    DataCollatorWithPadding,
    EvalPrediction,
    PreTrainedTokenizerFast,
    Trainer,
    TrainingArguments,
)

from triptych import Every
from triptych.hf import RerunCallback

SOURCES = {
    "numpy": ("numpy", "numpy.linalg", "numpy.random"),
    "torch": ("torch", "torch.nn", "torch.optim", "torch.nn.functional"),
    "scikit-learn": ("sklearn.cluster", "sklearn.linear_model", "sklearn.metrics", "sklearn.svm"),
}
MOST = 400  # paragraphs of each library
LENGTHS = range(40, 300)
MARKS = re.compile(r">>>|---|::|`")  # code, headings, formulas
NAMES = re.compile(r"numpy|torch|sklearn|scikit-learn|\bnp\b", re.IGNORECASE)


class Paragraphs(Dataset):
    """Token ids and the number of the library."""

    def __init__(self, texts: list[tuple[str, int]], tokenizer: PreTrainedTokenizerFast) -> None:
        self.items = [
            {**tokenizer(text, truncation=True, max_length=48), "labels": label}
            for text, label in texts
        ]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> dict:
        return self.items[index]


def main() -> None:
    args = parse_args()
    texts = read_texts(np.random.default_rng(args.seed))
    tokenizer = train_tokenizer([text for text, _ in texts])
    split = len(texts) * 4 // 5
    torch.manual_seed(args.seed)
    names = dict(enumerate(SOURCES))
    model = BertForSequenceClassification(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=96,
            max_position_embeddings=48,
            id2label=names,
            label2id={name: place for place, name in names.items()},
        )
    )
    settings = TrainingArguments(
        f"{args.root}/checkpoints/text",
        num_train_epochs=args.epochs,
        per_device_train_batch_size=32,
        per_device_eval_batch_size=64,
        learning_rate=2e-3,
        logging_steps=5,
        eval_strategy="epoch",
        save_strategy="no",
        report_to="none",
        dataloader_pin_memory=False,
        seed=args.seed,
    )
    callback = RerunCallback(
        project="documentation", name="bert-small", root=args.root, every=Every(steps=20), follow=2
    )
    with callback:
        Trainer(
            model,
            settings,
            train_dataset=Paragraphs(texts[:split], tokenizer),
            eval_dataset=Paragraphs(texts[split:], tokenizer),
            data_collator=DataCollatorWithPadding(tokenizer),
            processing_class=tokenizer,
            compute_metrics=accuracy,
            callbacks=[callback],
        ).train()


def read_texts(rng: np.random.Generator) -> list[tuple[str, int]]:
    texts = []
    for label, modules in enumerate(SOURCES.values()):
        found = sorted({text for module in modules for text in paragraphs(module)})
        texts += [(found[place], label) for place in rng.permutation(len(found))[:MOST]]
    return [texts[place] for place in rng.permutation(len(texts))]


def paragraphs(module: str) -> Iterator[str]:
    """Sentences of prose, without the name of the library that would give it away."""
    for item in vars(importlib.import_module(module)).values():
        doc = getattr(item, "__doc__", None)
        for part in re.split(r"\n\s*\n", doc if isinstance(doc, str) else ""):
            text = " ".join(part.split())
            if len(text) in LENGTHS and text.endswith(".") and not MARKS.search(text):
                yield NAMES.sub("it", text)


def train_tokenizer(texts: list[str]) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))  # noqa: S106  # no password
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["[PAD]", "[UNK]"]
    tokenizer.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=2000, special_tokens=special, show_progress=False)
    )
    tokenizer.decoder = decoders.Metaspace()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",  # noqa: S106
        unk_token="[UNK]",  # noqa: S106
    )


def accuracy(result: EvalPrediction) -> dict[str, float]:
    return {"accuracy": float((result.predictions.argmax(1) == result.label_ids).mean())}


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default="runs", help="folder of all runs")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
