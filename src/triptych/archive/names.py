"""Names that are safe as folder names, and ids that are valid in all three places."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from datetime import datetime

_LONGEST = 64
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
# Windows opens a device for these, whatever follows the first dot.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"


def safe_name(name: str) -> str:
    """Turn any text into the name of one folder.

    A name that is safe already comes back as it is. Any other is folded to ASCII where Unicode
    knows a base letter, the rest becomes "-", and a short hash of the original keeps names apart
    that would look the same afterwards ("a/b" and "a-b").

    Returns:
        1 to 64 characters of A-Z, a-z, 0-9, ".", "_" and "-"; the first is no "." or "-", the
        last no ".".
    """
    safe = _fold(name)[:_LONGEST].lstrip(".-").rstrip(".")
    if safe == name and safe and not _DEVICE.fullmatch(safe):
        return safe
    digest = hashlib.blake2s(name.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{safe[: _LONGEST - len(digest) - 1].rstrip('.-') or 'unnamed'}-{digest}"


def new_run_id(name: str, now: datetime) -> str:
    """Make an id such as `20260131-174502-cnn-lr1e-3-k4x7q`, different at every call.

    It serves as folder name, W&B run id and Rerun recording id: at most 62 characters of a-z, 0-9
    and "-".

    Args:
        name: What the middle is made of, shortened to 40 characters.
        now: When the run starts, in the time zone to show.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", _fold(name).lower()).strip("-")[:40].rstrip("-") or "run"
    tail = "".join(secrets.choice(_BASE32) for _ in range(5))
    return f"{now:%Y%m%d-%H%M%S}-{slug}-{tail}"


def _fold(name: str) -> str:
    return _UNSAFE.sub("-", unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode())
