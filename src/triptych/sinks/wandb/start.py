"""How a W&B run starts: in which mode, with which settings, and what if nobody answers."""

from __future__ import annotations

import logging
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from triptych.pipeline.records import RunInfo

if TYPE_CHECKING:
    import psutil

log = logging.getLogger("triptych")

Mode = Literal["auto", "online", "offline"]

_PATIENCE = 10  # seconds that a server may take to answer
_FORGETTING = 2.0  # seconds that W&B may take to let go of its own process, which is dead
_LOOK_ONLY = getattr(os, "WEXITED", 0) | getattr(os, "WNOHANG", 0) | getattr(os, "WNOWAIT", 0)

_open: list[Any] = []


def check_mode(mode: str) -> str:
    """The mode, if it is one that can be had.

    Raises:
        ValueError: If it is no mode, or it is "online" and there is no key.
    """
    if mode not in ("auto", "online", "offline"):
        raise ValueError(
            f'wandb= is "auto", "online", "offline", False or an open wandb.Run, not {mode!r}.'
        )
    if mode == "online" and not _has_key():
        raise ValueError(
            'wandb="online" needs an API key, and there is none: run `wandb login`, set '
            'WANDB_API_KEY, or pass wandb="offline".'
        )
    return mode


def _has_key() -> bool:
    import wandb

    try:
        return bool(wandb.login(prompt=False, verify=False))
    except wandb.errors.AuthenticationError as why:  # not the form of a key
        log.warning("W&B does not take the API key that was found: %s", why)
        return False


def automatic_mode() -> str:
    """WANDB_MODE if it is set; else "online" if there is a key, and "offline" if not."""
    wanted = os.environ.get("WANDB_MODE", "")
    if wanted and wanted != "online":
        return wanted
    if _has_key():
        return "online"
    if wanted:  # W&B itself would ask on a terminal, and wait for ever (0.31)
        log.warning("WANDB_MODE is online, but there is no API key: this run stays offline.")
    return "offline"


def _project(name: str) -> str:
    """W&B refuses a few characters and more than 128 of them in a project."""
    return "".join("-" if letter in '/\\#?%:"' else letter for letter in name)[:128] or "triptych"


def start_run(info: RunInfo, mode: Any, *, resumed: bool) -> Any:
    """Start a run in this mode; offline if it is "online" and the server does not answer."""
    import wandb

    options: dict[str, Any] = {
        "project": _project(info.project),
        "name": info.name,
        "id": info.id,
        "dir": str(info.dir),
        "config": {**info.config, "triptych": dict(info.provenance)},
        "tags": list(info.tags),
        "notes": info.notes,
        "group": info.group,
        "resume": "allow" if resumed else None,
        # A run beside any other: neither the global `wandb.run` nor a run of the user changes.
        "reinit": "create_new",
        "settings": wandb.Settings(
            silent=True,
            console="off",  # words come through write_logs, with their step
            init_timeout=_PATIENCE,
            x_disable_viewer=True,  # two calls of 5 s each when the network is down
            x_disable_meta=True,  # it would hold the command line with its secrets
            x_transaction_log_flush_interval=0.25,  # its default loses 15 s to a SIGKILL
        ),
    }
    try:
        run = wandb.init(mode=mode, **options)
    except Exception as error:  # CommError, but also plain exceptions (0.31)
        if mode != "online":
            raise
        log.warning(
            "W&B did not answer, so this run stays offline (%s). Upload it later with the "
            "command in the closing table.",
            error,
        )
        if wandb.run is None and not _open:
            # The id counts as taken until W&B's service is gone (0.31). Not while another run is
            # open: that one would go with it.
            wandb.teardown()
        else:
            options["id"] = f"{info.id}-offline"
        run = wandb.init(mode="offline", **options)
    for handler in logging.getLogger("wandb").handlers:
        if isinstance(handler, logging.FileHandler):  # its debug.log, on a disk that is full
            handler.handleError = _pass_over  # type: ignore[assignment,method-assign]
    _open.append(run)
    # `wandb.init` of anybody else would give them this run, which is ours to finish (0.31).
    wandb.setup().remove_active_run(run)
    return run


def _pass_over(_line: logging.LogRecord) -> None:
    """Print no traceback for each line that somebody else cannot write."""


def find_service() -> psutil.Process | None:
    """W&B's own process, if this one has started it and it is alive."""
    import psutil

    children = psutil.Process().children(recursive=True)
    found = (child for child in children if "wandb-core" in child.name() and not has_ended(child))
    return next(found, None)


def has_ended(service: psutil.Process | None) -> bool:
    """Whether it was there, and is no more; the kernel may have killed it for memory."""
    if service is None:
        return False
    try:  # asked at every write: psutil reads /proc for it, which takes 0.3 ms beside a training
        return os.waitid(os.P_PID, service.pid, _LOOK_ONLY) is not None
    except (AttributeError, ChildProcessError):  # not on this system; or somebody has reaped it
        return _has_gone(service)


def _has_gone(service: psutil.Process) -> bool:
    import psutil

    try:
        return not service.is_running() or service.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except OSError:  # no descriptor is left to look with
        return False


def end_service() -> None:
    """Kill W&B's own process, and forget it: its exit hook would wait for it, or raise (0.31)."""
    if (service := find_service()) is not None:
        service.kill()
    # on a thread: W&B waits for ever if its event loop has died, for want of descriptors, say
    thread = threading.Thread(target=_forget_service, daemon=True)
    with suppress(RuntimeError):  # no thread can be started any more
        thread.start()
        thread.join(_FORGETTING)


def _forget_service() -> None:
    import wandb

    with suppress(Exception, SystemExit):  # that it is dead is no news
        wandb.teardown()


def forget_run(run: Any) -> None:
    """The run is over."""
    if run in _open:
        _open.remove(run)


def others_open(run: Any) -> bool:
    """Whether another run of ours is open in this process."""
    return any(one is not run for one in _open)


def keep_private(folder: Path) -> None:
    """Take the rights of group and others from all that W&B has written; it went by the umask."""
    for path in folder.rglob("*"):
        with suppress(OSError):  # gone meanwhile
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & 0o700)
