"""What is masked, and above all what is not."""

from __future__ import annotations

import json
import time

import pytest

from tests.support.faults import Fault
from triptych.archive.secrets import MASK, is_secret, mask, mask_argv, mask_url

# Made up, and put together here so that no scanner takes this file for a leak.
_SHAPES = {
    "GitHub": "ghp_" + "a1B2c3D4e5F6" * 3,
    "GitHub, fine-grained": "github_pat_" + "11ABCDEFG0_abcdefghij" * 3,
    "GitLab": "glpat-" + "Ab1-_" * 5,
    "Hugging Face": "hf_" + "aBcDeFgHiJ" * 3,
    "OpenAI": "sk-" + "proj-abcdEFGH1234567890abcd",
    "W&B": "wandb_v1_" + "aB3" * 20,
    "AWS": "AKIA" + "ABCDEFGH12345678",
    "Google": "AIza" + "aB3_-" * 7,
    "Google, OAuth": "ya29." + "a0AfH6SMBx-" * 3,
    "Slack": "xoxb-" + "123456789012-abcdef",
    "Slack, application": "xapp-" + "1-A0123-456-abcdef",
    "Stripe": "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "npm": "npm_" + "aB3dE5" * 6,
    "SendGrid": "SG." + "abcdefghijklmnopqrstuv.abcdefghijklmnopqrstuv",
    "Replicate": "r8_" + "aB3dE5" * 6,
    "Databricks": "dapi" + "0123456789abcdef" * 2,
    "JSON web token": "eyJ" + "hbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl",
    "private key": "-----BEGIN PRIVATE KEY" + "-----\nMIIE\nowIB\n-----END PRIVATE KEY-----",
    "PGP key": "-----BEGIN PGP PRIVATE KEY BLOCK" + "-----\n-----END PGP PRIVATE KEY BLOCK-----",
}

_HIDDEN = """
password db_password dbPassword PASSWD passphrase secret client_secret secrets api_key apiKey
API_KEY apikey openai_api_key aws_secret_access_key access_key private_key WANDB_API_KEY wandb_key
hf_key token hub_token HF_TOKEN push_to_hub_token auth_token access_token accessTokens api_tokens
github-token slack.token Authorization cookie credentials
db_pwd passcode master_key mistral_key GITHUB_PAT slack_webhook_url discord-webhook
"""

_SHOWN = """
max_tokens max_token tokenizer tokenizer_name pad_token pad_token_id eos_token bos_token unk_token
mask_token num_tokens tokens n_token token_type_ids tokens_per_second session_length author authors
key key_dim num_keys keypoints monkey secretary secretion keyboard passes bypass compass
cookiecutter primary_key sort_key hockey lr pwd webhook service_name
dist_token reg_token class_token stop_token boi_token target_token query_token time_to_second_token
system_token assistant_token placeholder_token initializer_token
"""


@pytest.mark.parametrize("key", _HIDDEN.split())
def test_secret_key_masks_its_value(key: str) -> None:
    """In any way of writing names."""
    assert mask({key: "hunter2"}) == {key: MASK}


@pytest.mark.parametrize("key", _SHOWN.split())
def test_key_that_only_looks_like_one_keeps_its_value(key: str, fault: Fault) -> None:
    """The vocabulary of training is full of tokens and keys."""
    assert mask({key: "hunter2"}) == {key: "hunter2"}
    fault("no-secrets", kept="all")


@pytest.mark.parametrize("secret", _SHAPES.values(), ids=list(_SHAPES))
def test_secret_is_known_by_its_look_wherever_it_stands(secret: str) -> None:
    """Alone, in a sentence, in a list and deep in a configuration."""
    config = {"note": secret, "deep": [{"text": f"use {secret} here"}, (secret, "x")]}
    assert mask(config) == {"note": MASK, "deep": [{"text": f"use {MASK} here"}, [MASK, "x"]]}


@pytest.mark.parametrize(
    "text",
    [
        "resnet50.a1_in1k",
        "meta-llama/Llama-3.1-8B-Instruct",
        "/data/imagenet/train",
        "sha256:9b74c9897bac770ffc029102a200c5de",
        "2f9a7c1d8e6b4a5f9d0c3b2a1e8f7d6c",
        "sk-learn-digits-baseline-v2",
        "https://example.org/a@b?mail=c@d.org#e@f",
        "git@github.com:org/repo.git",
        "ssh://git@github.com/org/repo.git",
        "max_tokens=512, lr=0.1",
        "def push(token: str, api_key: str | None = None, pad_token: str = '<pad>')",
        "if password == 'x' and tokenizer.pad_token = '<pad>'",
        "--tokenizer gpt2 --max-tokens 5",
        "bearer of good news",
        "Predict the next token: ",
        "",
    ],
)
def test_text_without_a_secret_stays_as_it_is(text: str) -> None:
    """Models, paths, checksums, addresses, prompts."""
    assert mask(text) == text


def test_everything_below_a_secret_key_is_masked_but_what_tells_whether_it_is_set() -> None:
    """Booleans, None and empty texts stay."""
    config = {
        "credentials": {"user": "me", "pin": 1234, "on": True, "old": None, "new": ""},
        "api_keys": ["a", "b"],
        "use_auth_token": True,
        "layers": [64, 32],
    }
    assert mask(config) == {
        "credentials": {"user": MASK, "pin": MASK, "on": True, "old": None, "new": ""},
        "api_keys": [MASK, MASK],
        "use_auth_token": True,
        "layers": [64, 32],
    }


def test_value_can_be_masked_by_the_name_it_stands_under() -> None:
    """For those who hold it apart from its configuration."""
    assert [mask("hunter2", "hub_token"), mask("hunter2", "model")] == [MASK, "hunter2"]


def test_configuration_itself_is_left_alone() -> None:
    """The user goes on training with it."""
    config = {"hub_token": "hunter2", "args": ["--password=hunter2"]}
    mask(config)
    assert config == {"hub_token": "hunter2", "args": ["--password=hunter2"]}


def test_command_line_is_masked_in_all_its_forms() -> None:
    """Flag and value, flag=value, overrides, addresses, JSON, headers; flags without a value."""
    nested = json.dumps({"api_key": "a b, c", "lr": 0.1})
    arguments = ["train.py", "--hub_token", "X", "--lr", "0.1", "--password=a b&c,d", "-v"]
    arguments += ["db.password=X", "+wandb.api_key=X", "--use_auth_token", "--max_tokens", "512"]
    arguments += ["--data", "s3://id:X@bucket/x", "--config", nested]
    arguments += ["--header", "Authorization: Bearer abcdefgh12345678"]
    arguments += ["--header", "Authorization: Basic bWU6WA==", "-H", "X-Api-Key: hunter2"]
    assert mask_argv(arguments) == [
        *("train.py", "--hub_token", MASK, "--lr", "0.1", f"--password={MASK}", "-v"),
        *(f"db.password={MASK}", f"+wandb.api_key={MASK}", "--use_auth_token"),
        *("--max_tokens", "512", "--data", f"s3://{MASK}@bucket/x"),
        *("--config", f'{{"api_key": "{MASK}", "lr": 0.1}}'),
        *("--header", f"Authorization: Bearer {MASK}"),
        *("--header", f"Authorization: Basic {MASK}", "-H", f"X-Api-Key: {MASK}"),
    ]


def test_command_line_in_one_text_is_masked() -> None:
    """As shells, schedulers and notebooks keep it."""
    command = "python train.py --hub_token X --lr 0.1 --password='a b' API_KEY=X run"
    assert mask(command) == (
        f"python train.py --hub_token {MASK} --lr 0.1 --password='{MASK}' API_KEY={MASK} run"
    )


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://me:X@github.com/a/b.git", "https://***@github.com/a/b.git"),
        ("https://X@github.com/a/b.git", "https://***@github.com/a/b.git"),
        ("postgresql://me:p@ss@db:5432/x", "postgresql://***@db:5432/x"),
        ("https://h/x?token=X&page=2", "https://h/x?token=***&page=2"),
        ("https://hooks.slack.com/services/T0/B0/X", "https://hooks.slack.com/services/***"),
        ("https://discord.com/api/webhooks/1/X-y", "https://discord.com/api/webhooks/***"),
        ("https://h/x?sv=2&sig=X%3D", "https://h/x?sv=2&sig=***"),
        ("https://h/x?X-Amz-Signature=X&y=1", "https://h/x?X-Amz-Signature=***&y=1"),
        ("ssh://git@github.com/a/b.git", "ssh://git@github.com/a/b.git"),
        ("https://github.com/a/b.git", "https://github.com/a/b.git"),
    ],
)
def test_url_keeps_all_but_user_and_secrets(url: str, expected: str) -> None:
    """Git remotes, data bases, signed addresses."""
    assert mask_url(url) == expected


def test_source_code_is_masked() -> None:
    """The script of a run is kept, and what was changed in it."""
    code = """password = "hunter2"\napi_key: str = 'hunter2'\nclient(hub_token = "hunter2", n=1)"""
    code += """\nclient=Client(api_key="hunter2", n=url(x="https://a.b/c?api_key=hunter2&n=1"))"""
    code += """\ntoken= 'hunter2'\nx="the token=" + word"""
    masked = code.replace("hunter2", MASK)
    assert mask(code) == masked
    assert mask(masked) == masked


def test_name_may_hold_a_secret_itself() -> None:
    """Data sources by their address, say."""
    assert mask({"s3://me:hunter2@bucket": 0.5, 1: 2}) == {f"s3://{MASK}@bucket": 0.5, 1: 2}


def test_long_text_is_masked_in_linear_time() -> None:
    """A megabyte of letters, as in a picture that was written into a configuration."""
    start = time.process_time()
    assert mask("a" * 2**20 + " token=X") == "a" * 2**20 + f" token={MASK}"
    assert time.process_time() - start < 2


def test_key_is_judged_by_its_words() -> None:
    """For those who ask about a name alone."""
    assert [is_secret("hubToken"), is_secret("key_dim"), is_secret("")] == [True, False, False]
