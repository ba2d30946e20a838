"""Logs in to W&B, in a process of its own: W&B reads its environment once, and starts a service.

Prints one line of JSON: `url` and `mode` as W&B has read them from variables and files, `found`
(whether there is a key, or another way to log in), `setting` (the name of one that W&B refuses, or
None), and `problem` (why it does not work, or None).
"""

from __future__ import annotations

import json
from typing import Any

from triptych.archive.secrets import mask_text, mask_url


def log_in() -> dict[str, Any]:
    """Ask the server about the key that W&B finds, without a prompt, and change nothing."""
    import wandb
    from pydantic import ValidationError  # what the settings of W&B are made of

    told: dict[str, Any] = dict.fromkeys(("url", "mode", "found", "setting", "problem"))
    try:
        settings = wandb.setup().settings
    except ValidationError as why:
        first = why.errors()[0]
        return {**told, "setting": str(first["loc"][0]), "problem": mask_text(first["msg"])}
    told |= {"url": mask_url(settings.base_url), "mode": settings.mode, "found": False}
    if settings.mode in ("offline", "dryrun", "disabled"):
        return told
    try:
        return {**told, "found": bool(wandb.login(prompt=False, verify=True))}
    except wandb.errors.AuthenticationError as why:
        return {**told, "found": True, "problem": mask_text(str(why))}


if __name__ == "__main__":
    print(json.dumps(log_in()))  # noqa: T201  # to the process that asked
