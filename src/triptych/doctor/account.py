"""Whether W&B is reached, and takes the key that is there."""

from __future__ import annotations

import json
import os
from typing import Any

from triptych.doctor.child import ChildFailed, ask
from triptych.doctor.finding import Finding, green, red, yellow

_ANSWER = 4  # seconds that the server has; W&B itself would wait for ten
_PATIENCE = 12.0  # seconds for all of it, the start of Python and of W&B's service included

_ENVIRONMENT = {
    "WANDB_SILENT": "true",
    "WANDB_ERROR_REPORTING": "false",
    "WANDB_HTTP_TIMEOUT": str(_ANSWER),
}
_MEND = "correct WANDB_BASE_URL or the network, or set WANDB_MODE=offline"
_LATER = "`triptych sync` sends runs up later"


def check_wandb() -> list[Finding]:
    """See what a run with `wandb="auto"` would do, without one."""
    return [_check_account()]


def _check_account() -> Finding:  # noqa: PLR0911  # one for each thing that can be the case
    wanted = os.environ.get("WANDB_MODE", "")
    if wanted == "disabled":
        return green("W&B", "is switched off by WANDB_MODE=disabled")
    if wanted in ("offline", "dryrun"):
        return green("W&B", f"stays offline, as WANDB_MODE={wanted} says; {_LATER}")
    try:
        told = json.loads(ask("triptych.doctor.login", patience=_PATIENCE, env=_ENVIRONMENT))
    except ChildFailed as why:
        return red("W&B", f"cannot be used: {why}", _MEND)
    if told["problem"]:
        return red("W&B", *_trouble(told))
    if told["found"]:
        return green("W&B", f"takes the login at {told['url']}")
    if told["mode"] == "online":
        fix = "run `wandb login`, or set WANDB_MODE=offline if you want it so"
        return yellow("W&B", f"has no API key for {told['url']}: runs stay offline", fix)
    return green("W&B", f"stays {told['mode']}, as its settings file says; {_LATER}")


def _trouble(told: dict[str, Any]) -> tuple[str, str]:
    """What does not work, and what to do."""
    url, problem = told["url"], told["problem"]
    if told["setting"]:
        name = f"WANDB_{told['setting'].upper()}"
        return f"does not take {name}: {problem}", f"correct or unset {name}"
    if "respond in time" in problem:  # W&B's own service says so of itself
        return f"has no answer from {url} within {_ANSWER} s", _MEND
    if any(word in problem for word in ("error 401", "error 403", "API key")):
        known = "WANDB_API_KEY" in os.environ  # it comes before what `wandb login` writes
        fix = "correct WANDB_API_KEY" if known else "run `wandb login --relogin`"
        return f"does not take the API key at {url}: {problem}", fix
    if "<html" in problem.lower():
        return f"is not what answers at {url}, but a web page", _MEND
    return f"cannot be used: {problem}", _MEND
