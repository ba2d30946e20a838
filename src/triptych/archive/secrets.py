"""Secrets are masked before anything leaves the process.

The rules are our own. detect-secrets, the library that comes closest, judges lines of source code:
it lets `hub_token="hunter2"` pass and takes every checksum for a secret. It also takes 125 ms to
import, and keeps its settings in one global of the process.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

MASK = "***"
"""What stands where a secret stood."""

# Matched against the words of a key, "_hub_token_" for "hubToken".
_KEYS = re.compile(
    r"""
      _(?:passwords?|passwd|passphrase|passcode|secrets?|credentials?|apikeys?|authorization
        |cookies?)_
    | _(?:access|account|api|auth|encryption|gpg|hf|master|mistral|openai|private|service|signing
        |ssh|storage|subscription|wandb)_(?:keys?|tokens)_$
    | _(?:[a-z]+_pwd|git(?:hub|lab)_pat|(?:discord|slack|teams)_webhook(?:_url)?)_$
    | ^_token_$
    | _(?!(?:additional|assistant|audio|begin|bo[a-z]|class|cls|current|delimiter|dist|end|eo[a-z]
        |fake|first|image|initializer|key|last|latent|mask|max|mean|mem|memory|min|modality|n|new
        |newline|next|num|pad|padding|per|placeholder|prev|previous|prompt|query|reg|register
        |second|sep|separator|seq|sink|skip|sot|special|start|stop|suppress|system|target|text
        |total|trigger|unk|value|video|vision|whitespace)_)[a-z]+_token_$
    """,
    re.VERBOSE,
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

_VALUES = re.compile(
    r"""
      \bgh[pousr]_[A-Za-z0-9]{20,} | \bgithub_pat_\w{20,} | \bglpat-[\w-]{20,}
    | \bhf_[A-Za-z0-9]{20,}
    | \bsk-(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{20,}
    | \bwandb_v\d_\w{20,} | \br8_[A-Za-z0-9]{30,} | \bdapi[0-9a-f]{32}\b
    | \b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b
    | \bAIza[\w-]{35} | \bya29\.[\w-]{20,} | \bGOCSPX-[\w-]{20,}
    | \bxox[abeoprs]-[\w-]{10,} | \bxapp-\d-[\w-]{10,}
    | (?<=\bhooks\.slack\.com/services/)[\w/-]+ | (?<=\bdiscord\.com/api/webhooks/)[\w/-]+
    | \bpypi-[\w-]{50,} | \bnpm_[A-Za-z0-9]{30,} | \bSG\.[\w-]{16,}\.[\w-]{16,}
    | \beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+                                         # JSON web token
    | (?i:(?<=\bbearer\s))[\w.~+/=-]{16,} | (?i:(?<=\bauthorization:\sbasic\s))[\w+/=-]+
    | (?<=[?&]sig=)[^&\s]+ | (?<=-Signature=)[^&\s]+                            # signed URLs
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY(?:\ BLOCK)?-----
      (?:.*?-----END\ [A-Z ]*PRIVATE\ KEY(?:\ BLOCK)?-----|.*)
    """,
    re.VERBOSE | re.DOTALL,
)
_USERINFO = re.compile(r"(?P<scheme>\b[A-Za-z][\w+.-]{0,20}://)(?!git@)[^/?#\s\"'<>]+@")
# name=value in URLs, overrides and shells; "name": "value" in JSON that was passed as text;
# name = "value" in source code; My-Key: value in headers
_PAIR = re.compile(
    r"""
      (?<![\w.-])(?P<key>[\w.-]+)
      (?:(?::[ ]?[\w.|]{1,40})?[ ]{0,9}=[ ]{0,9}(?=["'])|=|["']\s*:\s*
        |(?<=-[Kk]ey):[ ]|(?<=-[Tt]oken):[ ])
    """,
    re.VERBOSE,
)
_QUOTED = re.compile(r"""(?P<quote>["'])(?P<inside>(?<=")(?:[^"\\]|\\.)*|(?<=')[^']*)(?P=quote)""")
_BARE = re.compile(r"""[^\s"'&,;#}\]]+""")
_FLAG = re.compile(r"(?<![\w.-])(?P<key>--[\w.-]+)(?P<between>\s+)(?P<value>[^\s-]\S*)")
_FLAG_ALONE = re.compile(r"--?\w[\w.-]*")
_OVERRIDE = re.compile(r"(?P<key>[\w.+~-]+)(?P<between>=)(?P<value>.+)", re.DOTALL)


def mask(value: Any, key: str | None = None) -> Any:
    """Copy a configuration with its secrets masked.

    A secret is known by its key, on word boundaries (`api_key`, `hubToken`; not `max_tokens`,
    `tokenizer` or `key_dim`), or by its own look (tokens of GitHub, Hugging Face, OpenAI, AWS and
    others, private keys, user names and passwords in URLs, `name=value` in text). Lists are also
    read as command lines. Everything below a secret key is masked, except empty texts, booleans
    and None, which tell whether something was set.

    Args:
        value: Mappings, lists, tuples and texts are looked into; other objects are returned as
            they are. Make them `plain` first: what they hold may come out when they are printed.
        key: The name under which the value stands.

    Returns:
        A new value of the same shape; tuples become lists.
    """
    secret = key is not None and is_secret(key)
    if isinstance(value, Mapping):
        return {
            mask_text(name) if isinstance(name, str) else name: mask(
                item, key if secret else str(name)
            )
            for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        if not secret and all(isinstance(item, str) for item in value):
            return mask_argv(value)
        return [mask(item, key) for item in value]
    if secret:
        told = value is None or isinstance(value, bool) or (isinstance(value, str) and not value)
        return value if told else MASK
    return mask_text(value) if isinstance(value, str) else value


def mask_argv(arguments: Sequence[str]) -> list[str]:
    """Copy a command line with `--token X`, `--password=X` and secrets inside arguments masked."""
    masked: list[str] = []
    flagged = False
    for argument in arguments:
        pair = _OVERRIDE.fullmatch(argument)
        if flagged and not argument.startswith("-"):
            masked.append(MASK)
        elif pair is not None and is_secret(pair["key"]):
            masked.append(_mask_pair(pair))  # to its end: it may hold spaces and separators
        else:
            masked.append(mask_text(argument))
        flagged = _FLAG_ALONE.fullmatch(argument) is not None and is_secret(argument)
    return masked


def mask_url(url: str) -> str:
    """Mask user names, passwords and secret query parameters; a bare `git@` stays."""
    return mask_text(url)


def is_secret(key: str) -> bool:
    """Whether a value under this name is one to hide, judged by the words in the name."""
    words = "_".join(_WORD.findall(key)).lower()
    return _KEYS.search(f"_{words}_") is not None


def mask_text(text: str) -> str:
    """Mask the secrets that show by their own look, or by the name before them."""
    text = _mask_pairs(_USERINFO.sub(rf"\g<scheme>{MASK}@", text))
    return _VALUES.sub(MASK, _FLAG.sub(_mask_pair, text))


def _mask_pairs(text: str) -> str:
    """Also pairs within the value of another: `Client(api_key="x")` stands behind `client=`."""
    parts, place = [], 0
    while found := _PAIR.search(text, place):
        secret, end = is_secret(found["key"]), found.end()
        parts.append(text[place:end])
        if quoted := _QUOTED.match(text, end):
            inside = MASK if secret else _mask_pairs(quoted["inside"])
            parts.append(f"{quoted['quote']}{inside}{quoted['quote']}")
            end = quoted.end()
        elif secret and (bare := _BARE.match(text, end)):
            parts.append(MASK)
            end = bare.end()
        place = end
    return "".join(parts) + text[place:]


def _mask_pair(found: re.Match[str]) -> str:
    if not is_secret(found["key"]):
        return found[0]
    return f"{found['key']}{found['between']}{MASK}"
