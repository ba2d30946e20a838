"""What a TRL trainer generates is a table and a text in the recording, and a table in W&B."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import pytest
from trl import GRPOConfig, GRPOTrainer

from tests.hf.small import make_callback, recording, run_of
from tests.hf.tiny_text import make_language_model, make_tokenizer
from tests.support import rrd, wandb_files

# TRL 1.16 still uses names that transformers 5.23 has given up.
pytestmark = pytest.mark.filterwarnings("ignore:`(is_)?gradient_checkpointing:FutureWarning")


def count_words(completions: list[str], **_: Any) -> list[float]:
    """Reward long completions."""
    return [float(len(completion.split())) for completion in completions]


def test_completions_of_grpo(tmp_path: Path) -> None:
    """Prompt, completion and reward of each update are there, at its step."""
    callback = make_callback(tmp_path, wandb="offline")
    args = GRPOConfig(
        output_dir=str(tmp_path / "out"),
        per_device_train_batch_size=4,
        num_generations=2,
        max_completion_length=4,
        max_steps=2,
        logging_steps=1,
        log_completions=True,
        report_to="none",
        save_strategy="no",
        use_cpu=True,
        bf16=False,
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )
    prompts = datasets.Dataset.from_dict({"prompt": ["the cat", "a dog", "the mat", "a cat"]})
    with callback:
        GRPOTrainer(
            make_language_model(),
            reward_funcs=count_words,
            args=args,
            train_dataset=prompts,
            processing_class=make_tokenizer(),
            callbacks=[callback],
        ).train()

    tables = [
        (s, t) for s, at, t in rrd.documents(recording(callback)) if at == "/train/completions"
    ]
    assert [step for step, _ in tables] == [1, 2]
    header, _, *rows = tables[0][1].splitlines()
    assert header == "| step | prompt | completion | count_words | advantage |"
    assert len(rows) == 4
    assert {row.split(" | ")[1] for row in rows} <= {"the cat", "a dog", "the mat", "a cat"}
    texts = [
        t for _, at, t in rrd.documents(recording(callback)) if at.endswith("completions/text")
    ]
    assert "count_words" in texts[0]
    found = wandb_files.wait(wandb_files.folders(run_of(callback).dir / "wandb")[0])
    assert [one["_type"] for one in found.media("train/completions")] == ["table-file"] * 2
    assert rrd.scalars(recording(callback), "/train/reward")[0].tolist() == [1, 2]
    # two updates within a window are one row there
    assert [step for step, _ in found.curve("train/reward")] in ([2], [1, 2])
